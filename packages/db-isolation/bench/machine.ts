import { statfsSync } from 'node:fs';
import { arch, cpus, release, tmpdir, totalmem, type } from 'node:os';

const TMPFS = 0x01021994;

/** This machine, in one line. */
export function machine(): string {
  const processors = `${cpus().length} x ${cpus()[0]?.model ?? 'unknown processor'}`;
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`;
  return `${type()} ${release()} ${arch()}, ${processors}, ${memory}; Node ${process.versions.node}`;
}

/** Where files are quickest. */
export function memoryDirectory(): string {
  return mediumOf('/dev/shm') === 'tmpfs' ? '/dev/shm' : tmpdir();
}

/** What a directory lies on. */
export function mediumOf(directory: string): 'tmpfs' | 'a disk' | 'another machine, or out of sight' {
  try {
    return statfsSync(directory).type === TMPFS ? 'tmpfs' : 'a disk';
  } catch {
    return 'another machine, or out of sight';
  }
}

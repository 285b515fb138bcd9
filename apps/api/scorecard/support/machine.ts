import { statfsSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, release, tmpdir, totalmem, type } from 'node:os';

const TMPFS = 0x01021994;

/** This machine, in one line. */
export function machine(): string {
  const processors = `${availableParallelism()} x ${cpus()[0]?.model ?? 'unknown processor'}`;
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`;
  const files = statfsSync(tmpdir()).type === TMPFS ? 'files in memory' : 'files on a disk';
  return `${type()} ${release()}, ${processors}, ${memory}, ${files}, Node ${process.versions.node}`;
}

/** How busy the machine is at the moment, with whatever else runs there. */
export function busyness(): string {
  return `load average ${loadavg()[0]?.toFixed(1)}`;
}

import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** A file that a process has open. */
export interface OpenFile {
  readonly descriptor: number;
  /** Absolute, without symbolic links. */
  readonly path: string;
}

/** The files that a process has open, as Linux tells them; none when it has ended. */
export function filesOfProcess(pid: number): readonly OpenFile[] {
  const directory = `/proc/${pid}/fd`;
  return orNone(() => readdirSync(directory)).flatMap((name) => {
    const path = orNone(() => [readlinkSync(`${directory}/${name}`)])[0];
    const isFile =
      path?.startsWith('/') && !/^\/(?:dev(?!\/shm\/)|proc|sys)\/|-(?:wal|shm|journal)$| \(deleted\)$/.test(path);
    return path !== undefined && isFile ? [{ descriptor: Number(name), path }] : [];
  });
}

/** A process and all that it has started, as far as their main threads did. */
export function withChildren(pid: number): readonly number[] {
  const children = orNone(() => [readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1')])[0] ?? '';
  return [pid, ...(children.match(/\d+/g) ?? []).flatMap((child) => withChildren(Number(child)))];
}

/** What has ended in the meantime has nothing. */
function orNone<T>(read: () => readonly T[]): readonly T[] {
  try {
    return read();
  } catch {
    return [];
  }
}

import { readFileSync, readlinkSync } from 'node:fs';
import { hasCode } from '../errors.ts';

/** Text that only one process ever has: `<boot>-<pid namespace>-<pid>-<start time>`. */
export function processIdentity(): string {
  return `${BOOT}-${NAMESPACE}-${process.pid}-${startTime(process.pid) ?? 0}`;
}

/**
 * Whether the process of this identity, which runs or ran on this machine, may still be alive. A reused pid does not
 * count, since the start time differs; a process of another container cannot be seen from here and counts as alive.
 */
export function mayBeAlive(identity: string): boolean {
  const match = IDENTITY.exec(identity);
  if (!match) return true; // not ours to judge
  const [, boot, namespace, pid, started] = match;
  if (boot !== BOOT) return false; // the machine has been started anew since
  if (namespace !== NAMESPACE) return true;
  if (NAMESPACE === UNKNOWN_NAMESPACE) return exists(Number(pid));
  return startTime(Number(pid)) === started;
}

/** The same for a process of any machine: `'unknown'` for one that cannot be seen from here. */
export function livenessOf(identity: string): 'alive' | 'dead' | 'unknown' {
  const [, boot, namespace] = IDENTITY.exec(identity) ?? [];
  if (boot !== BOOT || namespace !== NAMESPACE || BOOT === UNKNOWN_BOOT) return 'unknown';
  return mayBeAlive(identity) ? 'alive' : 'dead';
}

/** The groups are boot, pid namespace, pid and start time. */
const IDENTITY = /^([0-9a-f]{8})-(\d+)-(\d+)-(\d+)$/;

const UNKNOWN_NAMESPACE = '0';
const UNKNOWN_BOOT = '00000000';

// Outside Linux there is no /proc: a run then counts as alive as long as any process has its pid.
const BOOT = readOr(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').slice(0, 8), UNKNOWN_BOOT);
const NAMESPACE = readOr(() => readlinkSync('/proc/self/ns/pid').replace(/\D/g, ''), UNKNOWN_NAMESPACE);

/** Clock ticks since boot at which the process started: field 22 of proc(5) stat. Undefined for one that has ended. */
function startTime(pid: number): string | undefined {
  return readOr(() => {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' '); // the command's name may hold anything, so skip it
    // A dead process stays listed until its parent has waited for it, which the first process of a container may never do.
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
  }, undefined);
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return !hasCode(error, 'ESRCH');
  }
}

function readOr<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch {
    return otherwise;
  }
}

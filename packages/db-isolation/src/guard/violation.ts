import { foreignDatabase } from '../errors.ts';
import type { Leak } from '../leaks.ts';
import { TRACING } from '../place.ts';
import { shownTarget, type Target } from './allow.ts';
import { guardState } from './state.ts';

/** Whether one of the users has this target on its list. */
export function isAllowed(target: Target): boolean {
  return [...guardState().users.values()].some((allows) => allows(target));
}

/** Knex's pool, say, opens a connection when the line that needs it has been left. */
const UNKNOWN = 'a line that DB_ISOLATION_TRACE=1 may find';

/** Records that something was about to be opened that may not, and makes the error that says so. */
export function violation(driver: string, target: Target, place: string | undefined): Error {
  const shown = shownTarget(target);
  const message = `it was about to open ${shown}, which is not its database${place || TRACING ? '' : `, at ${UNKNOWN}`}`;
  record({ kind: 'foreign-database', message, ...(place !== undefined && { place }) });
  return foreignDatabase(driver, shown, place ?? (TRACING ? undefined : UNKNOWN));
}

function record(leak: Leak): void {
  const { users, unclaimed } = guardState();
  for (const user of users.keys()) if (user.violated(leak)) return;
  unclaimed.push(leak);
}

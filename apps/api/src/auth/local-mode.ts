import type { Config } from '../config.ts';
import { isLoopback } from '../loopback.ts';
import { StartupError } from '../startup-failure.ts';

/**
 * Without credentials everybody who can reach the service may do everything, so then only this machine may reach it.
 *
 * @throws StartupError in one line that says what to set.
 */
export async function refuseOpenService({ host, auth }: Pick<Config, 'host' | 'auth'>): Promise<void> {
  if (auth.apiKeys || auth.jwt !== null || (await isLoopback(host))) {
    return;
  }
  throw new StartupError(
    `Anybody who reaches ${host} could read and change every invoice: set AUTH to api-keys, jwt or both, or HOST to 127.0.0.1`,
  );
}

import type { AppOptions } from '../../src/app.ts';
import { createCredentials } from '../../src/auth/credentials.ts';
import type { JwtIssuer } from '../../src/auth/jwt-credentials.ts';
import { createKey } from '../../src/auth/manage-keys.ts';
import type { Role } from '../../src/http/caller.ts';
import { isolation } from './isolation.ts';

/** What makes an app on the running test's database take credentials: API keys, and the tokens of an issuer. */
export function withCredentials(jwt: JwtIssuer | null = null, now?: () => Date): AppOptions {
  const credentials = createCredentials(isolation.current().db, { apiKeys: true, jwt }, now);
  return { credentials, ...(now && { now }) };
}

/** Makes a key in the running test's database, and returns what to send as `Authorization`. */
export async function bearer(roles: readonly Role[], name: string = roles.join('+')): Promise<string> {
  const context = { actor: null, requestId: null, mayApprove: false, now: new Date().toISOString() };
  const created = await createKey(isolation.current().db, { name, roles, expires_at: null }, context);
  return `Bearer ${created.text}`;
}

import { createRemoteJWKSet, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose';
import { type Caller, isRole, type Role } from '../http/caller.ts';
import { IssuerUnavailableError, UnauthenticatedError } from '../http/http-errors.ts';
import { isStorableText } from '../text.ts';

/** Whose tokens are taken, and what their claims are called. */
export interface JwtIssuer {
  readonly issuer: string;
  readonly audience: string;
  /** Where the issuer publishes the keys that it signs with. */
  readonly jwksUrl: string;
  /** Keys that lead to the roles, joined with dots where they are nested: `realm_access.roles`. */
  readonly rolesClaim: string;
  readonly nameClaim: string;
}

/** Signed with a private key only: with a shared secret whoever can check a token can also make one. */
const ALGORITHMS = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ...['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
];
/** How far the issuer's clock may be from ours. */
const CLOCK_TOLERANCE_SECONDS = 30;
const MAX_NAME_LENGTH = 200;

/** Makes what tells whose a token is; the issuer's keys are fetched when first needed, and again when a new one appears. */
export function jwtCredentials(settings: JwtIssuer, now: () => Date): (token: string) => Promise<Caller> {
  const { issuer, audience } = settings;
  const keyOf = issuerKeys(new URL(settings.jwksUrl));
  return async (token) => {
    try {
      const { payload } = await jwtVerify(token, keyOf, {
        ...{ issuer, audience, algorithms: ALGORITHMS, clockTolerance: CLOCK_TOLERANCE_SECONDS },
        ...{ currentDate: now(), requiredClaims: ['exp', 'sub'] },
      });
      return callerOf(payload, settings);
    } catch (cause) {
      throw refusal(cause);
    }
  };
}

/** A key that is not there is the token's fault; anything else that keeps us from the keys is not. */
function issuerKeys(url: URL): JWTVerifyGetKey {
  const published = createRemoteJWKSet(url);
  return async (header, token) => {
    try {
      return await published(header, token);
    } catch (cause) {
      if (TOKEN_ERRORS.some((kind) => cause instanceof kind)) {
        throw cause;
      }
      throw new IssuerUnavailableError('The keys of the issuer cannot be had', { cause });
    }
  };
}

const { JWKSMultipleMatchingKeys, JWKSNoMatchingKey, JOSEError, JOSENotSupported, JWTExpired } = errors;
const TOKEN_ERRORS = [JWKSNoMatchingKey, JWKSMultipleMatchingKeys, JOSENotSupported];

function refusal(cause: unknown): unknown {
  if (cause instanceof JWTExpired) {
    return new UnauthenticatedError('invalid', 'The token has expired', { cause });
  }
  return cause instanceof JOSEError ? new UnauthenticatedError('invalid', 'The token is not valid', { cause }) : cause;
}

function callerOf(payload: JWTPayload, { rolesClaim, nameClaim }: JwtIssuer): Caller {
  const { sub } = payload;
  const name = isTrusted(nameClaim, payload) ? claim(payload, nameClaim) : undefined;
  return { id: `jwt:${checkedName(sub)}`, name: checkedName(name ?? sub), roles: rolesIn(claim(payload, rolesClaim)) };
}

/** Some issuers let people enter an address that is not theirs, and say so. */
function isTrusted(nameClaim: string, { email_verified }: JWTPayload): boolean {
  return nameClaim !== 'email' || email_verified !== false;
}

function checkedName(name: unknown): string {
  if (typeof name !== 'string' || name === '' || name.length > MAX_NAME_LENGTH || !isStorableText(name)) {
    throw new UnauthenticatedError('invalid', 'The token names nobody');
  }
  return name;
}

/** A list, or one text with blanks between; roles of other programs are passed over. */
function rolesIn(value: unknown): Role[] {
  const names: unknown[] = typeof value === 'string' ? value.split(' ') : Array.isArray(value) ? value : [];
  return [...new Set(names.filter(isRole))];
}

/** By its whole name first, as names like `https://example.org/roles` have dots too. */
function claim(payload: JWTPayload, name: string): unknown {
  return own(payload, name) ?? name.split('.').reduce<unknown>(own, payload);
}

function own(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key)
    ? (value as Record<string, unknown>)[key]
    : undefined;
}

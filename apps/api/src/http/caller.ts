declare global {
  namespace Express {
    interface Request {
      /** Whose request it is; undefined until that is known, and for one without a credential where one is needed. */
      caller?: Caller;
    }
  }
}

/** What callers are there for; each role may do what permissions.ts says. */
export const ROLES = ['extractor', 'reviewer', 'approver', 'auditor', 'admin'] as const;

export type Role = (typeof ROLES)[number];

/** Whoever sends a request, as far as their credential says. */
export interface Caller {
  /** Tells callers apart: `key:` and the id of an API key, or `jwt:` and the subject of a token; null for anybody. */
  readonly id: string | null;
  /** What the history calls them; null for anybody. */
  readonly name: string | null;
  readonly roles: readonly Role[];
}

/** The caller where no credentials are configured: nobody in particular, who may do everything. */
export const ANYBODY: Caller = { id: null, name: null, roles: ROLES };

/** Whether a text is the name of a role. */
export function isRole(text: unknown): text is Role {
  return ROLES.some((role) => role === text);
}

/** Finds out whose an `Authorization` header is. */
export type Credentials = (authorization: string) => Promise<Caller>;

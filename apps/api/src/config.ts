import { z } from 'zod';
import type { AuthSettings } from './auth/credentials.ts';
import { isFileSize, isHost, isHttpUrl, isOrigin, isPort, isSafeUrl, listed, text } from './config-values.ts';
import { DATABASE_URL_FORMS, dialectOfUrl } from './db/database-url.ts';

/** What the service is told from outside. */
export interface Config {
  readonly port: number;
  readonly host: string;
  /** As createDatabase takes it. */
  readonly databaseUrl: string;
  readonly storageDirectory: string;
  /** In units of 1,048,576 bytes. */
  readonly maxFileSizeMb: number;
  readonly corsOrigins: readonly string[];
  readonly logLevel: string;
  /** Whether an empty database gets the sample invoices. */
  readonly loadSamples: boolean;
  /** Where measurements are served; nowhere when there is no port. */
  readonly metricsHost: string;
  readonly metricsPort: number | undefined;
  /** For how long requests are still taken once the service is to stop. */
  readonly shutdownDelayMs: number;
  /** Of the collector that traces are sent to. */
  readonly traceEndpoint: string | undefined;
  readonly traceServiceName: string;
  /** Which credentials are taken; without any, everybody may do everything. */
  readonly auth: AuthSettings;
  /** How many requests a minute one credential, or else one address, may send; 0 is no limit. */
  readonly requestsPerMinute: number;
  readonly trustedProxies: number;
}

/** The environment holds a value that cannot be used; the message names the variable. */
export class ConfigError extends Error {
  override name = 'ConfigError';
}

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

/** What the limit is where there are credentials, and so many callers: far more than a person can ask for. */
const REQUESTS_PER_MINUTE = 3_000;

const JWT_VARIABLES = ['JWT_ISSUER', 'JWT_AUDIENCE', 'JWT_JWKS_URL'] as const;

const variables = z.object({
  PORT: text('3000').refine(isPort, 'must be a whole number from 0 to 65535').transform(Number),
  HOST: text('127.0.0.1').refine(isHost, 'must be an address or the name of a host'),
  DATABASE_URL: text('sqlite:data/invoices.sqlite').refine(
    (url) => dialectOfUrl(url) !== undefined,
    `must be ${DATABASE_URL_FORMS}`,
  ),
  STORAGE_DIR: text('data/storage').refine((value) => !value.includes('\0'), 'must be a directory'),
  MAX_FILE_SIZE_MB: text('50').refine(isFileSize, 'must be a number above 0 and up to 1024').transform(Number),
  CORS_ORIGINS: listed().refine(
    (origins) => origins.every(isOrigin),
    'must be origins like https://example.org, separated by commas',
  ),
  LOG_LEVEL: text('info').refine(isLogLevel, `must be one of ${LOG_LEVELS.join(', ')}`),
  LOAD_SAMPLES: text('')
    .refine((value) => ['', 'true', 'false'].includes(value), 'must be true or false')
    .transform((value) => (value === '' ? undefined : value === 'true')),
  METRICS_HOST: text('127.0.0.1').refine(isHost, 'must be an address or the name of a host'),
  METRICS_PORT: text('')
    .refine((value) => value === '' || isPort(value), 'must be a whole number from 0 to 65535')
    .transform((value) => (value === '' ? undefined : Number(value))),
  SHUTDOWN_DELAY_MS: text('0')
    .refine((value) => /^\d{1,5}$/.test(value) && Number(value) <= 60_000, 'must be a whole number from 0 to 60000')
    .transform(Number),
  OTEL_EXPORTER_OTLP_ENDPOINT: text('')
    .refine((value) => value === '' || isHttpUrl(value), 'must be a URL like http://collector:4318')
    .transform((value) => (value === '' ? undefined : value)),
  OTEL_SERVICE_NAME: text('invoice-api'),
  AUTH: listed().refine(
    (kinds) => kinds.every((kind) => kind === 'api-keys' || kind === 'jwt'),
    'must be api-keys, jwt or api-keys,jwt',
  ),
  JWT_ISSUER: text(''),
  JWT_AUDIENCE: text(''),
  JWT_JWKS_URL: text('').refine(
    (value) => value === '' || isSafeUrl(value),
    'must be a URL with https:, or with http: on this machine',
  ),
  JWT_ROLES_CLAIM: text('roles'),
  JWT_NAME_CLAIM: text('email'),
  RATE_LIMIT_PER_MINUTE: text('')
    .refine((value) => /^\d{0,6}$/.test(value), 'must be a whole number up to 999999, 0 for no limit')
    .transform((value) => (value === '' ? undefined : Number(value))),
  TRUST_PROXY_HOPS: text('0')
    .refine((value) => /^\d$/.test(value), 'must be a whole number from 0 to 9')
    .transform(Number),
});

type Variables = z.output<typeof variables>;

/**
 * Reads the configuration from environment variables; one that is unset or empty has its default.
 *
 * @throws ConfigError naming every variable with a value that cannot be used.
 */
export function readConfig(environment: Readonly<Record<string, string | undefined>> = process.env): Config {
  const { data, error } = variables.safeParse(environment);
  if (data === undefined) {
    const problems = error.issues.map((issue) => problem(String(issue.path[0]), issue.message, environment));
    throw new ConfigError(problems.join('; '));
  }
  const auth = authSettings(data);
  const asksForCredentials = auth.apiKeys || auth.jwt !== null;
  return {
    port: data.PORT,
    host: data.HOST,
    databaseUrl: data.DATABASE_URL,
    storageDirectory: data.STORAGE_DIR,
    maxFileSizeMb: data.MAX_FILE_SIZE_MB,
    corsOrigins: data.CORS_ORIGINS,
    logLevel: data.LOG_LEVEL,
    loadSamples: data.LOAD_SAMPLES ?? !asksForCredentials,
    metricsHost: data.METRICS_HOST,
    metricsPort: data.METRICS_PORT,
    shutdownDelayMs: data.SHUTDOWN_DELAY_MS,
    traceEndpoint: data.OTEL_EXPORTER_OTLP_ENDPOINT,
    traceServiceName: data.OTEL_SERVICE_NAME,
    auth,
    requestsPerMinute: data.RATE_LIMIT_PER_MINUTE ?? (asksForCredentials ? REQUESTS_PER_MINUTE : 0),
    trustedProxies: data.TRUST_PROXY_HOPS,
  };
}

/** An issuer that is only half described, or not taken, is a mistake that would leave the service open or shut. */
function authSettings(data: Variables): AuthSettings {
  const takesTokens = data.AUTH.includes('jwt');
  for (const name of JWT_VARIABLES) {
    if ((data[name] !== '') !== takesTokens) {
      throw new ConfigError(
        takesTokens ? `${name} must be set when AUTH has jwt` : `AUTH must have jwt when ${name} is set`,
      );
    }
  }
  const jwt = {
    ...{ issuer: data.JWT_ISSUER, audience: data.JWT_AUDIENCE, jwksUrl: data.JWT_JWKS_URL },
    ...{ rolesClaim: data.JWT_ROLES_CLAIM, nameClaim: data.JWT_NAME_CLAIM },
  };
  return { apiKeys: data.AUTH.includes('api-keys'), jwt: takesTokens ? jwt : null };
}

const MAY_HOLD_PASSWORDS = ['DATABASE_URL', 'OTEL_EXPORTER_OTLP_ENDPOINT', 'JWT_JWKS_URL'];

/** The value is shown on one line, but never one that may hold a password. */
function problem(name: string, message: string, environment: Readonly<Record<string, string | undefined>>): string {
  return MAY_HOLD_PASSWORDS.includes(name)
    ? `${name} ${message}`
    : `${name} ${message}, not ${JSON.stringify(environment[name])}`;
}

function isLogLevel(value: string): boolean {
  return LOG_LEVELS.some((level) => level === value);
}

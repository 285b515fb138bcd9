import { type Logger, type LoggerOptions, pino } from 'pino';

const HEADERS = ['authorization', 'cookie', 'set-cookie', 'x-api-key'];
const SECRETS = [...HEADERS, 'password', 'token', 'databaseUrl'].flatMap(redactedPaths);

/** What the log is like: JSON, one line each, times as everywhere in the service. */
const options: LoggerOptions = {
  base: {},
  timestamp: () => `,"time":"${new Date().toISOString()}"`,
  formatters: { level: (label) => ({ level: label }) },
  // Nothing logs these; should a line of code ever do so by mistake, this keeps them from the file.
  redact: SECRETS,
};

/** The log of the service, on the standard output unless it is told otherwise. */
export function createLogger(level: string, destination?: { write(line: string): void }): Logger {
  const complete = { ...options, level };
  return destination === undefined ? pino(complete) : pino(complete, destination);
}

function redactedPaths(name: string): string[] {
  return [`["${name}"]`, `headers["${name}"]`, `req.headers["${name}"]`, `config["${name}"]`];
}

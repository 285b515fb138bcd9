import express, { type Express, type Router } from 'express';
import type { Knex } from 'knex';
import { type Logger, pino } from 'pino';
import { auditRouter } from './audit/router.ts';
import { keyRouter } from './auth/router.ts';
import { documentRouter } from './documents/document-router.ts';
import { pdfInspector } from './documents/pdf-inspection.ts';
import { ingestionRouter, pdfRouter } from './documents/router.ts';
import { createFileStorage, type DocumentStorage } from './documents/storage.ts';
import type { Credentials } from './http/caller.ts';
import { allowOrigins } from './http/cors.ts';
import { handleError, refuseMalformedPath, refuseUnknownPath } from './http/error-handler.ts';
import { identify } from './http/identify.ts';
import { onlyLocalRequests } from './http/local-requests.ts';
import { requestLogging } from './http/logging.ts';
import { limitFailures, limitRequests } from './http/rate-limits.ts';
import { noteStart } from './http/request-facts.ts';
import { securityHeaders } from './http/security-headers.ts';
import { statusRouter } from './http/status-router.ts';
import { type StartSpan, traceRequests } from './http/trace-context.ts';
import { lineRouter } from './invoices/line-router.ts';
import { invoiceRouter } from './invoices/router.ts';
import { docsRouter } from './openapi/router.ts';
import { createMetrics, type Metrics } from './operations/metrics.ts';
import { probeRouter } from './operations/probe-router.ts';
import { createReadiness, type Readiness } from './operations/readiness.ts';
import { invoiceReviewRouter } from './review/invoice-review-router.ts';
import { reviewRouter } from './review/router.ts';

/** What an app may be given besides its database. */
export interface AppOptions {
  /** Where requests and failures are logged; silent by default. */
  readonly logger?: Logger;
  /** Where documents are kept; files under `data/storage` of the working directory by default. */
  readonly documents?: DocumentStorage;
  /** The largest document that is taken in, in units of 1,048,576 bytes; 50 by default. */
  readonly maxFileSizeMb?: number;
  /** Origins of web pages that may use the API; none by default. */
  readonly corsOrigins?: readonly string[];
  /** What finds out whose a request is; by default nothing does, and everybody may do everything. */
  readonly credentials?: Credentials | undefined;
  /** The address it listens on, when it is to serve only this machine; by default it serves whoever reaches it. */
  readonly localHost?: string | undefined;
  /** How many requests a minute one credential, or else one address, may send; 0, the default, is no limit. */
  readonly requestsPerMinute?: number;
  /** How many proxies of our own stand before the service, each of which says where a request came from; none by default. */
  readonly trustedProxies?: number;
  /** The clock; the system's by default. */
  readonly now?: () => Date;
  /** Where its requests are measured; for nobody by default. */
  readonly metrics?: Metrics;
  /** Whether it should get requests; by default when its database answers and is migrated. */
  readonly readiness?: Readiness;
  /** What records the steps of traces; nothing by default. */
  readonly startSpan?: StartSpan;
  /** Further routes behind the same checks as the service's own; none by default. */
  readonly routes?: Router;
}

const DEFAULT_STORAGE = 'data/storage';

/** Makes the API on a database whose schema is up to date; the caller closes the database. */
export function createApp(db: Knex, options: AppOptions = {}): Express {
  const { logger = pino({ level: 'silent' }), corsOrigins = [], now = () => new Date() } = options;
  const { documents: storage = createFileStorage(DEFAULT_STORAGE), maxFileSizeMb = 50 } = options;
  const { metrics = createMetrics(), readiness = createReadiness(db), startSpan = () => undefined } = options;
  const { credentials, requestsPerMinute = 0, trustedProxies = 0, localHost } = options;
  const uploads = { db, storage, inspector: pdfInspector, maxFileSizeMb, now };
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.enable('case sensitive routing');
  app.set('trust proxy', trustedProxies);

  app.use(noteStart);
  app.use(traceRequests(startSpan));
  app.use(requestLogging(logger));
  app.use(metrics.countRequests);
  app.use(securityHeaders());
  app.use(allowOrigins(corsOrigins));
  app.use(refuseMalformedPath);
  app.use(statusRouter(db));
  app.use(probeRouter(readiness));
  if (localHost !== undefined) {
    app.use(onlyLocalRequests(localHost, corsOrigins));
  }
  app.use(identify(credentials, limitFailures()));
  app.use(limitRequests(requestsPerMinute));
  if (options.routes !== undefined) {
    app.use(options.routes);
  }
  app.use('/api/v1', invoiceRouter({ db, now }));
  app.use('/api/v1', lineRouter({ db, now }));
  app.use('/api/v1', documentRouter(uploads));
  app.use('/api/v1', invoiceReviewRouter({ db, now }));
  app.use('/api/v1', auditRouter({ db }));
  app.use('/api/v1', docsRouter());
  app.use('/api/v1', keyRouter({ db, now }));
  app.use('/api/hitl', reviewRouter({ db, now }));
  app.use('/api/hitl', pdfRouter({ db, storage }));
  app.use('/api/ingestion', ingestionRouter(uploads));
  app.use(refuseUnknownPath);
  app.use(metrics.countStaleWrites);
  app.use(handleError);
  return app;
}

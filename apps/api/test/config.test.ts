import { expect } from 'chai';
import { ConfigError, readConfig } from '../src/config.ts';

describe('the configuration', () => {
  it('has a default for everything', () => {
    expect(readConfig({})).to.deep.equal({
      ...{
        port: 3000,
        host: '127.0.0.1',
        databaseUrl: 'sqlite:data/invoices.sqlite',
        storageDirectory: 'data/storage',
      },
      ...{ maxFileSizeMb: 50, corsOrigins: [], logLevel: 'info', loadSamples: true },
      ...{ metricsHost: '127.0.0.1', metricsPort: undefined, shutdownDelayMs: 0 },
      ...{ traceEndpoint: undefined, traceServiceName: 'invoice-api' },
      ...{ auth: { apiKeys: false, jwt: null }, requestsPerMinute: 0, trustedProxies: 0 },
    });
  });

  it('takes an empty variable for one that is not set', () => {
    const empty = { PORT: '', HOST: '', DATABASE_URL: '', STORAGE_DIR: '', MAX_FILE_SIZE_MB: '', LOG_LEVEL: '' };
    expect(readConfig(empty)).to.deep.equal(readConfig({}));
  });

  it('reads every variable', () => {
    const environment = {
      ...{ PORT: '0', HOST: '::1', DATABASE_URL: 'sqlite:///srv/a.sqlite', STORAGE_DIR: '/srv/documents' },
      ...{ MAX_FILE_SIZE_MB: '2.5', CORS_ORIGINS: 'https://a.example, http://b.example:8080', LOG_LEVEL: 'debug' },
      ...{ METRICS_HOST: '::', METRICS_PORT: '9464', SHUTDOWN_DELAY_MS: '5000', LOAD_SAMPLES: 'false' },
      ...{ OTEL_EXPORTER_OTLP_ENDPOINT: 'https://collector.example:4318', OTEL_SERVICE_NAME: 'review' },
      ...{ AUTH: 'jwt, api-keys', JWT_ISSUER: 'https://issuer.example', JWT_AUDIENCE: 'invoices' },
      ...{ JWT_JWKS_URL: 'https://issuer.example/keys', JWT_ROLES_CLAIM: 'groups', JWT_NAME_CLAIM: 'upn' },
      ...{ RATE_LIMIT_PER_MINUTE: '60', TRUST_PROXY_HOPS: '2' },
    };
    expect(readConfig(environment)).to.deep.equal({
      ...{ port: 0, host: '::1', databaseUrl: 'sqlite:///srv/a.sqlite', storageDirectory: '/srv/documents' },
      ...{ maxFileSizeMb: 2.5, corsOrigins: ['https://a.example', 'http://b.example:8080'], logLevel: 'debug' },
      ...{ metricsHost: '::', metricsPort: 9464, shutdownDelayMs: 5000, loadSamples: false },
      ...{ traceEndpoint: 'https://collector.example:4318', traceServiceName: 'review' },
      auth: {
        apiKeys: true,
        jwt: {
          ...{ issuer: 'https://issuer.example', audience: 'invoices', jwksUrl: 'https://issuer.example/keys' },
          ...{ rolesClaim: 'groups', nameClaim: 'upn' },
        },
      },
      ...{ requestsPerMinute: 60, trustedProxies: 2 },
    });
  });

  it('loads no samples where credentials are asked for, unless told to', () => {
    expect(readConfig({ AUTH: 'api-keys' }).loadSamples).to.equal(false);
    expect(readConfig({ AUTH: 'api-keys', LOAD_SAMPLES: 'true' }).loadSamples).to.equal(true);
  });

  const bad: Record<string, readonly string[]> = {
    PORT: ['65536', '-1', '80.0', '0x50', ' 80', 'http'],
    HOST: ['two words', 'a/b'],
    DATABASE_URL: [
      ...['sqlite:', 'sqlite://host/x', 'invoices.sqlite', 'oracle://ann:secret@db/x', 'postgres:///x', 'mysql:'],
      ...[
        'postgres://ann:secret@db',
        'mysql://ann:secret@db/',
        'mysql://ann:secret@db/x/y',
        'postgres://a:%secret@db/x',
      ],
    ],
    MAX_FILE_SIZE_MB: ['0', '-5', '1e3', '2000', 'many'],
    CORS_ORIGINS: ['*', 'example.org', 'https://a.example/', 'https://a.example/path', 'file:///x'],
    LOG_LEVEL: ['INFO', 'loud'],
    AUTH: ['none', 'api-keys jwt', 'API-KEYS'],
    JWT_JWKS_URL: ['http://issuer.example/keys', 'ftp://issuer.example', 'keys', 'http://127.0.0.1.example/'],
    RATE_LIMIT_PER_MINUTE: ['-1', 'many', '1.5', '1000000'],
    TRUST_PROXY_HOPS: ['true', '-1', '10', '10.0.0.0/8'],
    LOAD_SAMPLES: ['yes', '1'],
    METRICS_PORT: ['65536', 'off'],
    SHUTDOWN_DELAY_MS: ['-1', '60001', '1.5', '5s'],
    OTEL_EXPORTER_OTLP_ENDPOINT: ['collector:4318', 'grpc://secret@collector', 'http://'],
  };
  for (const [name, values] of Object.entries(bad)) {
    for (const value of values) {
      it(`refuses ${name}=${value} in one line that names it`, () => {
        expect(() => readConfig({ [name]: value }))
          .to.throw(ConfigError)
          .with.property('message')
          .that.matches(new RegExp(`^${name} must be [^\\n]+$`))
          .and.not.contains('secret');
      });
    }
  }

  const issuer = { JWT_ISSUER: 'https://a.example', JWT_AUDIENCE: 'b', JWT_JWKS_URL: 'https://a.example/keys' };
  for (const name of Object.keys(issuer)) {
    it(`wants ${name} for tokens, and tokens for ${name}`, () => {
      expect(() => readConfig({ AUTH: 'jwt', ...issuer, [name]: '' }))
        .to.throw(ConfigError)
        .with.property('message', `${name} must be set when AUTH has jwt`);
      expect(() => readConfig({ AUTH: 'api-keys', [name]: issuer[name as keyof typeof issuer] }))
        .to.throw(ConfigError)
        .with.property('message', `AUTH must have jwt when ${name} is set`);
    });
  }

  it('limits requests where there are credentials, unless told otherwise', () => {
    expect(readConfig({ AUTH: 'api-keys' }).requestsPerMinute).to.be.above(1_000);
    expect(readConfig({ AUTH: 'api-keys', RATE_LIMIT_PER_MINUTE: '0' }).requestsPerMinute).to.equal(0);
  });

  it('names every bad variable', () => {
    expect(() => readConfig({ PORT: 'x', LOG_LEVEL: 'x' })).to.throw(/^PORT .*; LOG_LEVEL /);
  });
});

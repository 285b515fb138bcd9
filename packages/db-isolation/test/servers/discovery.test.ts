import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { describeWith, describeWithPrograms } from '../support/servers/available.ts';

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));

/** Nothing listens on port 1 of any machine that runs tests. */
const NOTHING = { PGPORT: '1', MYSQL_TCP_PORT: '1', DB_ISOLATION_PRIVATE_SERVERS: 'off' };

/** What `npm run servers` prints in an environment that says nothing else about servers. */
function findServers(env: Readonly<Record<string, string>>) {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(PG|MYSQL|DB_ISOLATION_|TEST_ENGINE)/.test(name));
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', 'tsx', 'scripts/servers.mjs'], {
    cwd: ROOT,
    encoding: 'utf8',
    env: { ...Object.fromEntries(inherited), ...env },
  });
  return { status, stdout, stderr };
}

describe('the servers that the tests use', () => {
  it('are skipped with one line each where there are none', () => {
    const { status, stdout, stderr } = findServers(NOTHING);
    expect({ status, stdout }).to.deep.equal({ status: 0, stdout: '' });
    const [postgres, mysql, ...more] = stderr.trim().split('\n');
    expect(more).to.deep.equal([]);
    expect(postgres).to.match(/^SKIPPED: every test on postgres\. .*ECONNREFUSED.*DB_ISOLATION_POSTGRES_URL=postgres:/);
    expect(mysql).to.match(/^SKIPPED: every test on mysql\. .*ECONNREFUSED.*DB_ISOLATION_MYSQL_URL=mysql:/);
  });

  it('are only looked for where TEST_ENGINE wants them', () => {
    expect(findServers({ ...NOTHING, TEST_ENGINE: 'sqlite' })).to.deep.equal({ status: 0, stdout: '', stderr: '' });
    expect(findServers({ ...NOTHING, TEST_ENGINE: 'oracle' }).stderr).to.equal(
      'TEST_ENGINE has an unknown name, "oracle". The names are: sqlite, postgres, mysql\n',
    );
  });

  it('must be there when DB_ISOLATION_REQUIRE names them', () => {
    for (const engine of ['postgres', 'mysql']) {
      const { status, stderr } = findServers({ ...NOTHING, DB_ISOLATION_REQUIRE: engine });
      expect(status, stderr).to.equal(1);
      expect(stderr).to.match(new RegExp(`^DB_ISOLATION_REQUIRE asks for ${engine}\\. No server found .*\\n$`));
    }
    const unknown = findServers({ ...NOTHING, DB_ISOLATION_REQUIRE: 'postgres, oracle' });
    expect(unknown).to.deep.equal({
      status: 1,
      stdout: '',
      stderr: 'DB_ISOLATION_REQUIRE has an unknown name, "oracle". The names are: postgres, mysql\n',
    });
  });

  it('must answer when a URL names them; its password is not printed', () => {
    for (const [variable, scheme] of [
      ['DB_ISOLATION_POSTGRES_URL', 'postgres'],
      ['DB_ISOLATION_MYSQL_URL', 'mysql'],
    ] as const) {
      const { status, stdout, stderr } = findServers({ ...NOTHING, [variable]: `${scheme}://me:secret@127.0.0.1:1/x` });
      expect({ status, stdout }).to.deep.equal({ status: 1, stdout: '' });
      expect(stderr).to.equal(
        `${variable} names a server (me@127.0.0.1:1) that cannot be used: connect ECONNREFUSED 127.0.0.1:1\n`,
      );
    }
  });
});

describeWith('postgres', 'a PostgreSQL that a URL names', (url) => {
  it('is used before any other', () => {
    const { status, stdout } = findServers({ ...NOTHING, TEST_ENGINE: 'postgres', DB_ISOLATION_POSTGRES_URL: url });
    expect(status).to.equal(0);
    expect(stdout).to.match(/^postgres: PostgreSQL \d+.*, from DB_ISOLATION_POSTGRES_URL\n$/);
  });
});

describeWith('mysql', 'a MariaDB or MySQL that a URL names', (url) => {
  it('is used before any other', () => {
    const { status, stdout } = findServers({ ...NOTHING, TEST_ENGINE: 'mysql', DB_ISOLATION_MYSQL_URL: url });
    expect(status).to.equal(0);
    expect(stdout).to.match(/^mysql: M\w+ \d+.*, from DB_ISOLATION_MYSQL_URL\n$/);
  });
});

describeWithPrograms('postgres', 'without a PostgreSQL on localhost', () => {
  it('one is started for the run', () => {
    const env = {
      ...NOTHING,
      TEST_ENGINE: 'postgres',
      DB_ISOLATION_PRIVATE_SERVERS: '',
      DB_ISOLATION_REQUIRE: 'postgres',
    };
    const { status, stdout, stderr } = findServers(env);
    expect({ status, stderr }).to.deep.equal({ status: 0, stderr: '' });
    expect(stdout).to.match(/^postgres: PostgreSQL \d+.*, started for this run from .*\n$/);
  });
});

import { expect } from 'chai';
import { failure } from '../support/rejections.ts';
import { freePort } from '../support/servers/place.ts';
import { urlWith, withSql } from '../support/sql.ts';
import { describeOnServers } from '../support/throwaway-server.ts';

describeOnServers('a server that cannot be used', (server) => {
  const start = (url: string) => server.kind.engine({ server: url }).start();
  const made = async () => {
    const names = await withSql(server.program.url(), (sql) => server.kind.databases(sql));
    return names.filter((name) => name.startsWith('dbi_'));
  };

  it('is named when it is down, without the password', async () => {
    const url = new URL(urlWith(server.user.url, { password: 'my secret' }));
    url.port = String(await freePort());
    const error = await failure('DBI_SERVER_UNREACHABLE', () => start(url.href));
    expect(error.message)
      .to.contain(`127.0.0.1:${url.port}`)
      .and.not.to.match(/my.*secret/);
  });

  it('is named when it does not know the user or the password, without the password', async () => {
    const wrong = { password: 'my secret' };
    const error = await failure('DBI_SERVER_UNREACHABLE', () => start(urlWith(server.program.url(), wrong)));
    expect(error.message)
      .to.contain('refuses')
      .and.not.to.match(/my.*secret/);
    await failure('DBI_SERVER_UNREACHABLE', () => start(urlWith(server.user.url, { user: 'nobody knows "me"' })));
  });

  it('is named when it does not let the user make databases, with what allows it, and nothing is left', async () => {
    await server.kind.revoke(await server.admin(), server.user.name);
    for (let time = 0; time < 2; time += 1) {
      const error = await failure('DBI_NO_PERMISSION', () => server.isolation().acquire());
      expect(error.message).to.match(/GRANT ALL PRIVILEGES ON|ALTER ROLE .* CREATEDB/);
      expect(error.message).not.to.contain(server.user.password);
    }
    expect(await made()).to.deep.equal([]);
  });

  it('is named when it no longer lets the user make databases, and goes on when it does', async () => {
    const isolation = server.isolation();
    await isolation.run('as long as it is allowed', () => undefined);
    await isolation.close();
    await server.kind.revoke(await server.admin(), server.user.name);
    await failure('DBI_NO_PERMISSION', () => server.isolation().acquire());
    await server.kind.grant(await server.admin(), server.user.name);
    await server.isolation().run('when it is allowed again', () => undefined);
  });

  it('is tried again by the next test', async () => {
    await server.kind.revoke(await server.admin(), server.user.name);
    const isolation = server.isolation();
    await failure('DBI_NO_PERMISSION', () => isolation.acquire());
    await server.kind.grant(await server.admin(), server.user.name);
    await isolation.run('the next test', () => undefined);
  });
});

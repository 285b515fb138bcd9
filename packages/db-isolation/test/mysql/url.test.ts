import { expect } from 'chai';
import { createMysqlDialect } from '../../src/engines/mysql/mysql-dialect.ts';
import { failure } from '../support/rejections.ts';

describe('a URL of MariaDB or MySQL', () => {
  const dialect = (server: string) => createMysqlDialect('server', server);

  it('is given back with another database', () => {
    for (const [server, expected] of [
      ['mysql://root@127.0.0.1:3306', 'mysql://root@127.0.0.1:3306/name'],
      ['mariadb://root@127.0.0.1/app', 'mysql://root@127.0.0.1/name'],
      [
        'mysql://a%40b:p%2Fw@db.example.org/app?charset=utf8mb4',
        'mysql://a%40b:p%2Fw@db.example.org/name?charset=utf8mb4',
      ],
      ['mysql://me@[::1]:3307/?ssl={}', 'mysql://me@[::1]:3307/name?ssl={}'],
    ] as const) {
      expect(dialect(server).url('name')).to.equal(expected);
    }
  });

  it('is shown without what is secret', () => {
    const server = 'mysql://me:secret@h:3306/app?password2=secret&ssl={"passphrase":"secret"}&socketPath=/run/my.sock';
    expect(dialect(server).shownUrl('name')).to.equal(
      'mysql://me@h:3306/name?socketPath=/run/my.sock'.replaceAll('/run/my', '%2Frun%2Fmy'),
    );
  });

  it('becomes a command line', () => {
    expect(dialect('mysql://root@127.0.0.1').command('name')).to.equal('mysql -h 127.0.0.1 -P 3306 -u root name');
    expect(dialect('mariadb://it%27s:pw@[::1]:3307').command('a b')).to.equal(
      String.raw`mariadb -h '::1' -P 3307 -u 'it'\''s' -p 'a b'`.replace("'::1'", '::1'),
    );
    expect(dialect('mysql://me@localhost?socketPath=/run/my.sock').command('name')).to.equal(
      'mysql -S /run/my.sock -u me name',
    );
  });

  it('names the registry after the user alone', () => {
    const name = dialect('mysql://root@127.0.0.1').registryName;
    expect(name).to.match(/^dbi_registry_[0-9a-f]{8}$/);
    expect(dialect('mariadb://root:pw@127.0.0.1:3306/app').registryName).to.equal(name);
    expect(dialect('mysql://other@127.0.0.1').registryName).not.to.equal(name);
  });

  it('is refused without showing its password', async () => {
    for (const server of [
      'postgres://me:secret@h/db',
      'me:secret@h:3306',
      'mysql://me:secret@h:notaport/db?password1=secret',
      'mysql://me:sec%ret@h',
      'mysql://me:secret@:3306',
      '',
    ]) {
      const error = await failure('DBI_INVALID_OPTION', () => dialect(server));
      expect(error.message)
        .to.include('server is')
        .and.not.match(/secret|sec%ret/);
    }
    await failure('DBI_INVALID_OPTION', () => createMysqlDialect('server', undefined));
  });
});

import { expect } from 'chai';
import { createMysqlDialect } from '../../src/engines/mysql/mysql-dialect.ts';
import type { ServerDialect } from '../../src/engines/server/dialect.ts';
import { failure, rejection } from '../support/rejections.ts';
import { describeWith } from '../support/servers/available.ts';
import { scratchDatabases } from './scratch-databases.ts';

describeWith('mysql', 'the dialect of MariaDB and MySQL', (url) => {
  const scratch = scratchDatabases(url);
  const { dialect } = scratch;
  const exists = (name: string) => dialect.exists(scratch.admin, name);

  it('knows its server', async () => {
    const facts = await dialect.inspect(scratch.admin);
    expect(facts.fingerprint)
      .to.match(/mysql2 3\./)
      .and.match(/collation_server/);
    expect(facts.maxConnections).to.be.above(10);
    const [row] = await scratch.admin.query(`select ${dialect.nowSql} as now`);
    expect(Math.abs(Number(row?.['now']) - Date.now())).to.be.below(60_000);
  });

  it('makes and drops databases, also those that are not there', async () => {
    const name = scratch.name();
    expect(await exists(name)).to.equal(false);
    await dialect.create(scratch.admin, name);
    expect(await exists(name)).to.equal(true);
    expect(await rejection(dialect.create(scratch.admin, name))).to.have.property('code', 'ER_DB_CREATE_EXISTS');
    await dialect.drop(scratch.admin, name);
    await dialect.drop(scratch.admin, name);
    expect(await exists(name)).to.equal(false);
  });

  it('counts the connections to a database', async () => {
    const name = await scratch.template();
    const connection = await scratch.connect(name);
    expect(await dialect.countConnections(scratch.admin, name)).to.equal(1);
    await connection.query('use information_schema');
    expect(await dialect.countConnections(scratch.admin, name)).to.equal(0);
  });

  it('drops a database in which a transaction is open, and ends its connections', async () => {
    const name = await scratch.template('create table t (a int)');
    const connection = await scratch.connect(name);
    await connection.query('begin; insert into t values (1)');
    await dialect.drop(scratch.admin, name);
    expect(await exists(name)).to.equal(false);
    await rejection(connection.query('select 1'));
  });

  it('says so when a session that cannot be found is in the way of dropping', async function () {
    const [row] = await scratch.admin.query("show variables like 'performance_schema'");
    if (row?.['value'] === 'ON') return this.skip(); // then it is found, and ended
    const name = await scratch.template('create table t (a int)');
    const connection = await scratch.connect();
    await connection.query(`begin; insert into ${name}.t values (1)`);
    const error = await failure('DBI_DATABASE_IN_USE', () => dialect.drop(scratch.admin, name));
    expect(error.message).to.include(name);
    await connection.query('rollback');
  });

  it('drops a database that another one refers to', async () => {
    const parent = await scratch.template('create table p (id int primary key)');
    await scratch.template(`create table c (p_id int, foreign key (p_id) references ${parent}.p (id))`);
    await dialect.drop(scratch.admin, parent);
    expect(await exists(parent)).to.equal(false);
  });

  it('drops a database in which the server left a file of its own', async function () {
    const trigger = (name: string) => `create trigger ${name} before update on t for each row set @a = 1`;
    const name = await scratch.template('create table t (a int)', trigger('x'), trigger('y'));
    const [row] = await scratch.admin.query('select concat(@@datadir, ?) as file', [`${name}/t.TRG-`]);
    const file = String(row?.['file']).replaceAll("'", "''");
    const planted = await scratch.admin.query(`select '' into outfile '${file}'`).catch(() => undefined);
    if (planted === undefined) return this.skip(); // this user or server may not write files
    await dialect.drop(scratch.admin, name);
    expect(await exists(name)).to.equal(false);
  });

  it('gives a lock to one connection at a time, and each name for itself', async () => {
    const other = await dialect.connect();
    const names = ['one', 'x'.repeat(200), "it's"].map((name) => `${scratch.name()}${name}`);
    const [first = '', second = ''] = names;
    expect(await dialect.tryLocks(scratch.admin, names)).to.deep.equal([true, true, true]);
    await dialect.unlock(scratch.admin, [first]);
    expect(await dialect.tryLocks(other, [first, second])).to.deep.equal([true, false]);
    await other.close();
    expect(await dialect.tryLocks(scratch.admin, [first])).to.deep.equal([true]);
    await dialect.unlock(scratch.admin, names);
  });

  it('notices that the server has ended a connection, and does not fall over', async () => {
    const connection = await dialect.connect();
    const [row] = await connection.query('select connection_id() as id');
    await scratch.admin.query(`kill ${Number(row?.['id'])}`);
    await rejection(connection.query('select sleep(5)'));
    expect(connection.isOpen).to.equal(false);
    await connection.close();
    await connection.close();
  });

  it('runs queries on a connection in the order of the calls', async () => {
    const connection = await dialect.connect();
    const rows = await Promise.all([
      connection.query('select sleep(0.02), 1 as n'),
      connection.query('select ? as n, ? as Text', [2, "it's \\ ?"]),
    ]);
    expect(rows[1]).to.deep.equal([{ n: 2, text: "it's \\ ?" }]);
    await connection.close();
    await rejection(connection.query('select 1'));
  });

  describe('when connecting', () => {
    const connect = (server: string, database?: string) => createMysqlDialect('server', server).connect(database);
    const { hostname, port } = new URL(url);

    it('ignores the database in the URL, which need not exist', async () => {
      const connection = await createMysqlDialect('server', dialect.url('dbi_no_such_database')).connect();
      await connection.close();
    });

    it('tells a database that is not there by the code of the driver', async () => {
      expect(await rejection(connect(url, 'dbi_no_such_database'))).to.have.property('code', 'ER_BAD_DB_ERROR');
    });

    it('says that nothing listens', async () => {
      const error = await failure('DBI_SERVER_UNREACHABLE', () => connect('mysql://me:secret@127.0.0.1:1'));
      expect(error.message).to.include('mysql://me@127.0.0.1:1').and.include('refused').and.not.include('secret');
    });

    it('says that there is no such host or socket', async () => {
      expect((await failure('DBI_SERVER_UNREACHABLE', () => connect('mysql://no-such-host.invalid'))).message).to.match(
        /host/,
      );
      const socket = 'mysql://localhost?socketPath=/no/such.sock';
      expect((await failure('DBI_SERVER_UNREACHABLE', () => connect(socket))).message).to.include('socket');
    });

    it('says that the server refuses the user', async () => {
      const error = await failure('DBI_SERVER_UNREACHABLE', () =>
        connect(`mysql://dbi_nobody:s3cr%26t@${hostname}:${port}`),
      );
      expect(error.message).to.include('refuses the user "dbi_nobody"').and.not.match(/s3cr/);
    });
  });

  describe('on behalf of a user with few rights', () => {
    const user = 'dbi_limited_user';
    let limited: ServerDialect;

    before(async () => {
      await scratch.admin.query(`drop user if exists ${user}@'%'`);
      await scratch.admin.query(`create user ${user}@'%' identified by 'a %/@'`);
      const own = new URL(url);
      own.username = user;
      own.password = encodeURIComponent('a %/@');
      limited = createMysqlDialect('server', own.href);
    });
    after(() => scratch.admin.query(`drop user if exists ${user}@'%'`));
    afterEach(() => scratch.admin.query(`revoke all privileges, grant option from ${user}@'%'`));

    it('says which right is missing, in a statement that gives it', async () => {
      const connection = await limited.connect();
      const error = await failure('DBI_NO_PERMISSION', () => limited.create(connection, scratch.name()));
      await connection.close();
      const grant = /GRANT ALL PRIVILEGES ON `dbi\\_%`\.\* TO '[^']+'@'[^']+'/.exec(error.message)?.[0] ?? '';
      await scratch.admin.query(grant);
      const allowed = await limited.connect();
      await limited.create(allowed, scratch.name());
      await allowed.close();
    });

    it('says which right is missing to copy what another user has defined', async () => {
      await scratch.admin.query(`grant all privileges on \`dbi\\_%\`.* to ${user}@'%'`);
      const template = await scratch.template(
        'create table t (a int)',
        'create trigger r before insert on t for each row set new.a = 1',
      );
      const how = await dialect.seal(scratch.admin, template, scratch.name());
      const connection = await limited.connect();
      const name = scratch.name();
      const error = await failure('DBI_NO_PERMISSION', () => limited.clone(connection, template, name, how));
      expect(await exists(name)).to.equal(false);
      await connection.close();
      await scratch.admin.query(/GRANT .* TO '[^']+'@'[^']+'/.exec(error.message)?.[0] ?? '');
      const allowed = await limited.connect();
      expect(await limited.clone(allowed, template, scratch.name(), how)).to.equal(true);
      await allowed.close();
    });

    it('needs no other right for all that it does', async () => {
      await scratch.admin.query(`grant all privileges on \`dbi\\_%\`.* to ${user}@'%'`);
      const admin = await limited.connect();
      await limited.inspect(admin);
      const [template, name] = [scratch.name(), scratch.name()];
      await limited.create(admin, template);
      const builder = await limited.connect(template);
      for (const statement of [
        'create table t (id int auto_increment primary key)',
        'insert into t values (1)',
        'create trigger r before insert on t for each row set @x = 1',
        'create function f() returns int deterministic return 1',
        'create view v as select f() as f, id from t',
        "create event e on schedule every 1 day starts '2030-01-01' do set @a = 1",
      ]) {
        await builder.query(statement);
      }
      await builder.close();

      const how = await limited.seal(admin, template, scratch.name());
      expect(await limited.clone(admin, template, name, how)).to.equal(true);
      const test = await limited.connect(name);
      expect(await test.query('select * from v')).to.deep.equal([{ f: 1, id: 1 }]);
      expect(await limited.countConnections(admin, name)).to.equal(1);
      await test.query('begin');
      await test.query('delete from t');
      await limited.drop(admin, name);
      await limited.drop(admin, template);
      expect(await exists(name)).to.equal(false);
      await admin.close();
      await test.close();
    });
  });
});

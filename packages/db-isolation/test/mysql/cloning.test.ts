import { expect } from 'chai';
import { failure, rejection } from '../support/rejections.ts';
import { describeWith } from '../support/servers/available.ts';
import { dumpMysql } from './dump-mysql.ts';
import { scratchDatabases } from './scratch-databases.ts';

describeWith('mysql', 'cloning on MariaDB or MySQL', (url) => {
  const scratch = scratchDatabases(url);
  const { dialect } = scratch;
  const sealed = async (...statements: readonly string[]) => {
    const template = await scratch.template(...statements);
    return { template, how: await dialect.seal(scratch.admin, template, scratch.name()) };
  };
  const isMariadb = async () => {
    const [row] = await scratch.admin.query('select version() as version');
    return /mariadb/i.test(String(row?.['version']));
  };

  it('makes clones that share nothing with each other or with the template', async () => {
    const { template, how } = await sealed(
      'create table t (id int auto_increment primary key)',
      'insert into t values (1)',
    );
    const [a, b] = [scratch.name(), scratch.name()];
    for (const name of [a, b]) await dialect.clone(scratch.admin, template, name, how);
    const before = await dumpMysql(url, b);
    const connection = await scratch.connect(a);
    await connection.query('insert into t values (); alter table t add x int; create table u (a int)');
    expect(await dumpMysql(url, b)).to.deep.equal(before);
    expect(await dumpMysql(url, template)).to.deep.equal(before);
  });

  it('has views, routines and triggers that were written with the name of the template use the clone', async () => {
    const template = await scratch.template('create table t (a int)');
    const connection = await scratch.connect(template);
    await connection.query(`create view v as select * from ${template}.t; create table log (a int);
      create trigger r after insert on ${template}.t for each row insert into ${template}.log values (new.a);
      create procedure p() insert into \`${template}\`.t values (5)`);
    await connection.end();
    const clone = await scratch.connect(await scratch.clone(template));
    await clone.query('call p()');
    const [rows] = await clone.query('select v.a as seen, log.a as logged from v, log');
    expect(rows).to.deep.equal([{ seen: 5, logged: 5 }]);
  });

  it('leaves references to other databases as they are', async () => {
    const other = await scratch.template('create table p (id int primary key)', 'insert into p values (1)');
    const template = await scratch.template(
      `create table c (id int, foreign key (id) references ${other}.p (id))`,
      `create view v as select * from ${other}.p`,
    );
    const clone = await scratch.connect(await scratch.clone(template));
    await rejection(clone.query('insert into c values (2)'));
    await clone.query('insert into c select id from v');
  });

  it('goes on with a sequence and a counter where the template would', async function () {
    if (!(await isMariadb())) return this.skip();
    const template = await scratch.template(
      'create sequence s cache 100',
      'do nextval(s), nextval(s)',
      'create sequence used_up maxvalue 2',
      'do nextval(used_up), nextval(used_up)',
    );
    const clone = await scratch.connect(await scratch.clone(template));
    expect((await clone.query('select nextval(s) as n'))[0]).to.deep.equal([{ n: 3 }]);
    expect(await rejection(clone.query('select nextval(used_up)'))).to.have.property('errno', 4084);
  });

  it('keeps events from changing the template, and enables in clones those that were enabled', async () => {
    const event = (name: string, status: string) =>
      `create event ${name} on schedule every 1 day starts '2030-01-01' ${status} do set @a = 1`;
    const { template, how } = await sealed(
      event('a', 'disable'),
      event('b', 'enable'),
      event('c', 'enable'),
      event('d', 'disable'),
    );
    const clone = scratch.name();
    await dialect.clone(scratch.admin, template, clone, how);
    const states = async (name: string) => {
      const sql = 'select event_name, status from information_schema.events where event_schema = ? order by event_name';
      return (await scratch.admin.query(sql, [name])).map((row) => row['status']);
    };
    expect(await states(template)).to.deep.equal(['DISABLED', 'DISABLED', 'DISABLED', 'DISABLED']);
    expect(await states(clone)).to.deep.equal(['DISABLED', 'ENABLED', 'ENABLED', 'DISABLED']);
    expect(how).to.have.length.below(101);
  });

  it('answers false, and leaves nothing, when the template has gone', async () => {
    const { template, how } = await sealed();
    const [first, second, third] = [scratch.name(), scratch.name(), scratch.name()];
    expect(await dialect.clone(scratch.admin, template, first, how)).to.equal(true);
    await dialect.drop(scratch.admin, template);
    expect(await dialect.clone(scratch.admin, template, second, how)).to.equal(false);
    expect(await dialect.clone(scratch.admin, template, third, how)).to.equal(false);
    expect(await dialect.exists(scratch.admin, second)).to.equal(false);
    expect(await dialect.exists(scratch.admin, third)).to.equal(false);
  });

  it('leaves nothing of a clone that fails half-way', async function () {
    if (!(await isMariadb())) return this.skip(); // MySQL does not let a template be spoilt
    const { template, how } = await sealed(
      'create table a (a int)',
      'create table b (b int)',
      'insert into b values (1)',
    );
    await dialect.clone(scratch.admin, template, scratch.name(), how);
    await scratch.admin.query(`drop table ${template}.b`);
    const name = scratch.name();
    await rejection(dialect.clone(scratch.admin, template, name, how));
    expect(await dialect.exists(scratch.admin, name)).to.equal(false);
  });

  it('does not touch a database that has the name of the clone already', async () => {
    const { template, how } = await sealed('create table t (a int)');
    const name = await scratch.template('create table mine (a int)');
    expect(await rejection(dialect.clone(scratch.admin, template, name, how))).to.have.property(
      'code',
      'ER_DB_CREATE_EXISTS',
    );
    expect(await scratch.admin.query(`select * from ${name}.mine`)).to.deep.equal([]);
  });

  it('leaves the connection as it was, also for queries that were made meanwhile', async () => {
    const { template, how } = await sealed(
      'create table t (a int)',
      "set sql_mode = 'ANSI_QUOTES', collation_connection = utf8mb4_bin",
      'create procedure p() begin end',
    );
    const connection = await dialect.connect(template);
    const state = () =>
      connection.query(
        'select database() as d, @@sql_mode as m, @@collation_connection as c, @@unique_checks as u, @@time_zone as z',
      );
    const before = await state();
    const name = scratch.name();
    await dialect.clone(connection, template, scratch.name(), how); // reads the plan
    const [, during] = await Promise.all([dialect.clone(connection, template, name, how), state()]);
    await rejection(dialect.clone(connection, template, name, how));
    expect(during).to.deep.equal(before);
    expect(await state()).to.deep.equal(before);
    await connection.close();
  });

  it('notices that somebody has changed the template', async () => {
    const { template, how } = await sealed('create table t (a int)', 'insert into t values (1)');
    const connection = await scratch.connect(template);
    const changed = await connection.query('update t set a = 2').then(
      () => true,
      () => false, // MySQL does not let anybody
    );
    if (!changed) return;
    const name = scratch.name();
    const error = await failure('DBI_NOT_CLONEABLE', () => dialect.clone(scratch.admin, template, name, how));
    expect(error.message).to.include('changed').and.include(template);
    expect(await dialect.exists(scratch.admin, name)).to.equal(false);
  });

  describe('refuses what it would lose', () => {
    const refusal = async (...statements: readonly string[]) => {
      const template = await scratch.template(...statements);
      const scratchName = scratch.name();
      const error = await failure('DBI_NOT_CLONEABLE', () => dialect.seal(scratch.admin, template, scratchName));
      expect(await dialect.exists(scratch.admin, scratchName)).to.equal(false);
      return error.message;
    };

    it('views that are broken', async () => {
      const message = await refusal('create table t (a int)', 'create view broken as select a from t', 'drop table t');
      expect(message).to.match(/view broken|broken'|\.t'/); // MySQL names what is missing
    });

    it('rights to the very database', async () => {
      const user = 'dbi_grantee';
      await scratch.admin.query(`drop user if exists ${user}@localhost`);
      await scratch.admin.query(`create user ${user}@localhost`);
      try {
        const template = await scratch.template('create table t (a int)');
        await scratch.admin.query(`grant select on ${template}.t to ${user}@localhost`);
        const error = await failure('DBI_NOT_CLONEABLE', () => dialect.seal(scratch.admin, template, scratch.name()));
        expect(error.message).to.include(user);
      } finally {
        await scratch.admin.query(`drop user ${user}@localhost`);
      }
    });

    it('text in a character set that the driver does not send', async () => {
      const message = await refusal(
        'set character_set_client = latin1',
        "create function f() returns text no sql return 'ä'",
      );
      expect(message).to.include('function f').and.include('latin1');
    });

    it('history that is kept by transactions', async function () {
      if (!(await isMariadb())) return this.skip();
      const message = await refusal(`create table t (a int, s bigint unsigned generated always as row start,
        e bigint unsigned generated always as row end, period for system_time (s, e)) with system versioning`);
      expect(message).to.include('table t');
    });

    it('files in directories of their own', async () => {
      const message = await refusal(
        "create table `/t` (a int comment 'INDEX DIRECTORY=') engine = MyISAM data directory = '/tmp'",
      );
      expect(message).to.include('/t').and.include('directory');
    });
  });
});

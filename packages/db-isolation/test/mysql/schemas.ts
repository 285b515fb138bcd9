/** Statements that fill a database with what is easily lost in a copy, by what that is. */
export const SCHEMAS: Readonly<Record<string, readonly string[]>> = {
  'when it is empty': [],

  'in character set, collation and comment of the database': [
    'alter database character set latin1 collate latin1_german1_ci',
    "create table t (a varchar(10), b varchar(10) character set utf8mb4 collate utf8mb4_bin) comment 'it''s a \\\\ table'",
    "insert into t values ('ä', '🦊')",
  ],

  'in every type of column': [
    `create table numbers (b bit(11), u bigint unsigned, i tinyint zerofill, d decimal(65, 30), f float, g double, y year)`,
    `insert into numbers values (b'10110111011', 18446744073709551615, 7, -12345678901234567890.123456789012345678901234567890,
      0.1, 1e-300, 1999), (null, 0, 0, 0, -0.0, 3.4028234e38, 0), (0, 1, 2, 3, 16777217, 0.1, 2155)`,
    `create table texts (c char(5), v varchar(50), k binary(4), l varbinary(9), t tinytext, m mediumtext, x longblob,
      e enum('a', 'b''c'), s set('x', 'y', 'z'), j json)`,
    `insert into texts values ('a  ', 'trailing  ', 'ab', x'00ff00', 'ä', '🦊 "quoted" \\\\', x'00010203ff', 'b''c', 'x,z',
      '{"a": [1, 2.50, "ü"]}'), ('', '', '', '', '', '', '', 'a', '', 'null')`,
    `create table moments (d date, t time(6), m datetime(6), s timestamp(6) null, n timestamp not null
      default current_timestamp on update current_timestamp)`,
    "set time_zone = '+00:00'",
    `insert into moments values ('2026-10-25', '-838:59:58.999999', '2026-10-25 02:30:00.123456',
      '2026-10-25 00:30:00.654321', '2026-10-25 01:30:00'), ('9999-12-31', '00:00:00', '1000-01-01', '1970-01-01 00:00:01', now())`,
    'create table shapes (g geometry, p point not null, l linestring, spatial index (p))',
    "insert into shapes values (st_geomfromtext('POLYGON((0 0, 1 0, 1 1, 0 0))'), point(1, 2), st_geomfromtext('LINESTRING(0 0, 5 5)'))",
  ],

  'in dates that are none and values that no strict mode would take': [
    "set sql_mode = 'ALLOW_INVALID_DATES'",
    "create table t (id int primary key, d date not null default '0000-00-00', m datetime default '2026-02-30 10:00:00', s timestamp not null default '0000-00-00 00:00:00', e enum('a', 'b'))",
    "insert into t values (1, '0000-00-00', '2026-02-31 10:00:00', '0000-00-00 00:00:00', 'no such value'), (2, '2026-00-00', '0000-00-00', now(), 'a')",
  ],

  'in counters: gaps, zeros and negative numbers': [
    'create table gaps (id int auto_increment primary key, v int) auto_increment = 50',
    'insert into gaps (v) values (1), (2)',
    'delete from gaps where v = 2',
    'create table ahead (id bigint unsigned auto_increment primary key, v int) auto_increment = 18446744073709551000',
    'create table zeros (id int auto_increment primary key, v int)',
    "set sql_mode = 'NO_AUTO_VALUE_ON_ZERO'",
    'insert into zeros values (0, 1), (-5, 2), (7, 3)',
    'create table moved (id int auto_increment primary key, v int)',
    'insert into moved (v) values (1), (2)',
    'update moved set id = 999 where v = 2',
    'create table other_engine (id int auto_increment primary key) engine = MyISAM auto_increment = 9',
    'create table second_part (a int, id int auto_increment, primary key (a, id)) engine = MyISAM',
    'insert into second_part (a) values (1), (1), (2)',
  ],

  'in generated columns, default expressions and checks': [
    `create table t (id int primary key, price decimal(10, 2) check (price >= 0), n int default (1 + 2), u char(36) default (uuid()),
      gross decimal(12, 2) as (price * 1.19) stored, label varchar(40) as (concat('€', price)) virtual,
      constraint sane check (n < 100 and id <> 13), key (gross))`,
    "insert into t (id, price, u) values (1, 10.5, 'a'), (2, 0, 'b')",
  ],

  'in indexes': [
    `create table t (id int, a varchar(200), b text, c int not null, primary key (id), unique key u (a), key p (a(10), b(5)),
      key d (c desc, a), fulltext key f (b), fulltext key f2 (a, b)) comment 'x' row_format = dynamic`,
    "insert into t values (1, 'a', 'some words', 1), (2, null, 'other words', 2), (3, null, null, 3)",
  ],

  'in tables of several engines': [
    'create table m (a int, b varchar(10), key (a)) engine = MyISAM row_format = fixed checksum = 1',
    "insert into m values (1, 'x'), (2, 'y')",
    'create table h (a int primary key) engine = MEMORY',
    'insert into h values (1)',
    'create table c (a int not null, b varchar(10) not null) engine = CSV',
    "insert into c values (1, 'a,\"b')",
    'create table part (a int, key (a)) engine = MyISAM',
    'insert into part values (7)',
    'create table merged (a int, key (a)) engine = MERGE union = (part) insert_method = last',
    'create table z (a int) engine = InnoDB row_format = compressed key_block_size = 8',
  ],

  'in partitions': [
    `create table r (id int, d date, primary key (id, d)) partition by range (year(d))
      (partition p0 values less than (2020) comment 'old', partition p1 values less than maxvalue)`,
    "insert into r values (1, '2019-05-05'), (2, '2026-01-01')",
    'create table h (id int primary key) partition by hash (id) partitions 3',
    'insert into h values (1), (2), (3)',
    `create table l (k int, id int) partition by list (k) subpartition by hash (id) subpartitions 2
      (partition a values in (1, 2), partition b values in (null, 3))`,
    'insert into l values (1, 1), (null, 2)',
    'create table ts (t timestamp not null) partition by range (unix_timestamp(t)) (partition p values less than (1800000000))',
    "insert into ts values ('2026-01-01')",
  ],

  'in foreign keys: to itself, in circles, broken, and with every action': [
    'create table a (id int primary key, b_id int, parent_id int, constraint self foreign key (parent_id) references a (id) on delete set null)',
    'create table b (id int primary key, a_id int, foreign key (a_id) references a (id) on delete cascade on update restrict)',
    'alter table a add constraint circle foreign key (b_id) references b (id) on update cascade',
    'set foreign_key_checks = 0',
    'insert into a values (1, 1, 2), (2, null, 2), (3, 404, null)',
    'insert into b values (1, 1)',
  ],

  'in the order of triggers, their settings and their text': [
    'create table t (a int, b varchar(50))',
    'create table log (id int auto_increment primary key, what varchar(100))',
    'create trigger m_second before insert on t for each row set new.a = new.a + 1',
    'create trigger z_first before insert on t for each row precedes m_second set new.a = new.a * 2',
    'create trigger a_third before insert on t for each row follows m_second set new.a = new.a * 3 -- and a comment',
    'create trigger logs after insert on t for each row begin insert into log (what) values (concat("ä;", new.b)); end',
    "set sql_mode = 'ANSI_QUOTES,PIPES_AS_CONCAT'",
    `create trigger "with quotes" before update on t for each row set new.b = new.b || ' /* '' '`,
    "insert into t values (1, 'x')",
  ],

  'in views that depend on each other, with all their options': [
    'create table t (id int primary key, v int)',
    'insert into t values (1, 1), (2, null)',
    'create function twice(n int) returns int deterministic return n * 2',
    'create view z as select id, twice(v) as w from t where id > 0 with local check option',
    'create algorithm = temptable sql security invoker view b as select z.w from z join t on t.id = z.id',
    'create algorithm = merge view a (x, `y z`) as select w, (select count(*) from t) from b union all select 1, 2',
    "create view c as select x, database() as d, '`quoted`' as q from a where exists (select 1 from z)",
  ],

  'in routines, with their settings, and comments behind their end': [
    `create procedure p(in a int, out b varchar(10), inout c decimal(5, 2)) modifies sql data sql security invoker
      comment 'it''s' begin declare x cursor for select 1 from missing; set b = 'ü'; end /* behind the end */`,
    "set sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES,ONLY_FULL_GROUP_BY'",
    "create function f(x varchar(10)) returns varchar(20) charset latin1 deterministic begin return concat(x, '\\'); end -- end",
    "set sql_mode = '', collation_connection = utf8mb4_bin",
    "create function g() returns int reads sql data return (select count(*) from information_schema.tables where 'a' = 'A')",
    'alter database collate utf8mb4_bin',
    'create function `h ö`() returns text no sql return 1',
  ],

  'in more text than one message to the server may hold': [
    'create table t (a int)',
    ...['a', 'b', 'c', 'd', 'e'].map((name) => `create procedure ${name}() begin /* ${name.repeat(1_500_000)} */ end`),
    'create view v as select a from t',
    'insert into t values (1)',
  ],

  'in events': [
    'create table t (a int)',
    "set time_zone = 'SYSTEM'",
    "create event every_day on schedule every 1 day starts '2030-03-29 02:30:00' do insert into t values (1)",
    "set time_zone = '+05:30'",
    "create event once on schedule at '2031-01-01 00:00:00' on completion preserve comment 'ON COMPLETION PRESERVE ENABLE' do begin set @a = 1; end",
    "create event `off; it''s` on schedule every '1:30' hour_minute starts '2030-01-01' ends '2030-02-01' on completion preserve disable do set @a = 'ENABLE'",
    "create event elsewhere on schedule every 1 hour starts '2030-01-01' disable on slave do set @a = 1",
    "set timestamp = unix_timestamp('2020-01-01')",
    "create event past on schedule at '2020-02-01 00:00:00' do set @a = 1",
  ],

  'in names with blanks, quotes and other scripts': [
    'create table `a ``b`` "c" \'d\'` (`select` int primary key, `ü 漢字` varchar(10))',
    "insert into `a ``b`` \"c\" 'd'` values (1, 'x')",
    'create table `Größe` (id int primary key, `ref` int, constraint `k ö` foreign key (`ref`) references `a ``b`` "c" \'d\'` (`select`))',
    'create view `v ``ü``` as select `ü 漢字` as `x y` from `a ``b`` "c" \'d\'`',
    'create trigger `t ``ü``` before insert on `Größe` for each row set new.`ref` = null',
  ],
};

/** What MySQL does not have. */
export const MARIADB_SCHEMAS: Readonly<Record<string, readonly string[]>> = {
  'in the comment of the database': ["alter database comment 'it''s'"],

  'in invisible columns, and types of its own': [
    'create table t (id int primary key, hidden int invisible default 7, u uuid, i inet6, c text compressed)',
    "insert into t (id, hidden, u, i, c) values (1, 2, '123e4567-e89b-12d3-a456-426614174000', '::1', repeat('x', 1000))",
    'create table ignored (a int, key k (a) ignored)',
  ],

  'in rows that break a check': [
    'create table t (a int check (a > 0))',
    'set check_constraint_checks = 0',
    'insert into t values (-1)',
  ],

  'in sequences that nobody has used': [
    'create sequence s start with 5 increment by 3 minvalue 2 maxvalue 100 cache 10 cycle',
    'create sequence t start with -1 increment by -1 nocache engine = Aria',
    'create table uses (id int default nextval(s), v int)',
  ],

  'in tables with their history': [
    'create table t (id int primary key, v int) with system versioning',
    'insert into t values (1, 1), (2, 2)',
    'update t set v = 3 where id = 1',
    'delete from t where id = 2',
    `create table named (id int primary key, v int without system versioning, s timestamp(6) generated always as row start,
      e timestamp(6) generated always as row end invisible, period for system_time (s, e)) with system versioning
      partition by system_time (partition old history, partition new current)`,
    'insert into named (id, v) values (1, 1)',
    'update named set id = 2',
    'create table periods (id int, a date, b date, period for valid (a, b), unique (id, valid without overlaps))',
    "insert into periods values (1, '2026-01-01', '2026-02-01')",
  ],

  'in Aria tables': [
    'create table t (a int primary key, b text) engine = Aria transactional = 1 page_checksum = 1',
    "insert into t values (1, 'x')",
  ],

  'in packages': [
    "set sql_mode = 'ORACLE'",
    'create package tools as function one return int; procedure nothing(x int); end',
    'create package body tools as function one return int as begin return 1; end; procedure nothing(x int) as begin null; end; end',
    'create procedure oracle_style(a in int) as v int := 1; begin v := tools.one(); end',
  ],

  'in aggregate functions': [
    `create aggregate function my_count(x int) returns int deterministic begin declare n int default 0;
      declare continue handler for not found return n; loop fetch group next row; set n = n + 1; end loop; end`,
  ],
};

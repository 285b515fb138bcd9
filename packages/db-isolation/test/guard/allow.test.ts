import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { allowList, matcherOf, type Target } from '../../src/guard/allow.ts';
import { failure } from '../support/rejections.ts';
import { useWorkspace } from '../support/workspace.ts';

describe('the list of what may be opened anyway', () => {
  const workspace = useWorkspace();

  const file = (path: string): Target => ({ dialect: 'sqlite', file: path });
  const server = (dialect: 'postgres' | 'mysql', host: string, port: number, database: string): Target => {
    return { dialect, route: { host, port }, database };
  };
  const allows = (pattern: string | RegExp, target: Target) => matcherOf(allowList([pattern]))(target);

  it('takes paths, which start at the working directory, and follows links', () => {
    mkdirSync(join(workspace.path, 'data'));
    symlinkSync(join(workspace.path, 'data'), join(workspace.path, 'link'));
    const target = file(join(workspace.path, 'data', 'reference.db'));
    expect(allows(join(workspace.path, 'data', 'reference.db'), target)).to.equal(true);
    expect(allows(join(workspace.path, 'link', 'reference.db'), target)).to.equal(true);
    expect(allows(join(workspace.path, 'link', '*.db'), target)).to.equal(true);
    expect(allows(join(workspace.path, '*'), target)).to.equal(true);
    expect(allows(`file://${join(workspace.path, 'data', 'reference.db')}`, target)).to.equal(true);
    expect(allows(join(workspace.path, 'data', 'reference'), target)).to.equal(false);
    expect(allows(join(workspace.path, 'data', 'referenceXdb'), target)).to.equal(false);
    expect(allows('data.db', file(join(process.cwd(), 'data.db')))).to.equal(true);
  });

  it('takes URLs of servers, whose port and database may be left out', () => {
    const target = server('postgres', 'db.example', 5432, 'app');
    for (const pattern of [
      'postgres://db.example/app',
      'postgresql://db.example:5432/app',
      'postgres://user:secret@db.example/app?sslmode=require',
      'postgres://db.example',
      'postgres://db.example/',
      'postgres://*.example:*/a*',
      'postgres://DB.example/app',
    ]) {
      expect(allows(pattern, target), pattern).to.equal(true);
    }
    for (const pattern of [
      'postgres://db.example:5433/app',
      'postgres://db.example/application',
      'postgres://other.example/app',
      'mysql://db.example:5432/app',
      '/app',
    ]) {
      expect(allows(pattern, target), pattern).to.equal(false);
    }
    expect(allows('mariadb://db.example/app', server('mysql', 'db.example', 3306, 'app'))).to.equal(true);
  });

  it('knows the names of this machine', () => {
    for (const host of ['localhost', '127.0.0.1', '::1']) {
      for (const pattern of ['postgres://localhost', 'postgres://127.0.0.1/app', 'postgres://[::1]/app']) {
        expect(allows(pattern, server('postgres', host, 5432, 'app')), `${pattern} ${host}`).to.equal(true);
      }
    }
  });

  it('tries regular expressions on the path, or on the URL without user and password', () => {
    expect(allows(/reference\.db$/, file('/x/reference.db'))).to.equal(true);
    expect(allows(/^postgres:\/\/db:5432\/app$/, server('postgres', 'db', 5432, 'app'))).to.equal(true);
    const global = matcherOf([/reference/g]);
    expect([global(file('/reference')), global(file('/reference'))]).to.deep.equal([true, true]);
  });

  it('refuses everything else, without showing a password', async () => {
    expect(allowList(undefined)).to.deep.equal([]);
    for (const value of ['*', {}, [1], [''], [null], ['redis://localhost'], ['http://localhost']]) {
      await failure('DBI_INVALID_OPTION', () => allowList(value));
    }
    const error = await failure('DBI_INVALID_OPTION', () => allowList(['mssql://user:secret@host/db']));
    expect(error.message).to.contain('guard.allow[0]').and.not.to.contain('secret');
  });
});

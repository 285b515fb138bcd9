import { appendFileSync, cpSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { type DirectoryResult, dir } from 'tmp-promise';
import { operate } from './support/command.ts';
import { onlyOn } from './support/engine.ts';
import { Service } from './support/service.ts';
import { Writing } from './support/writing.ts';

onlyOn('sqlite', () =>
  describe('a backup', () => {
    let directory: DirectoryResult;
    let started: Service[];

    beforeEach(async () => {
      directory = await dir({ unsafeCleanup: true });
      started = [];
    });

    afterEach(async () => {
      await Promise.all(started.map((service) => service.stop('SIGKILL')));
      await directory.cleanup();
    });

    /** A database and a storage of this name. */
    const places = (name: string) => ({
      DATABASE_URL: `sqlite://${join(directory.path, name, 'invoices.sqlite')}`,
      STORAGE_DIR: join(directory.path, name, 'storage'),
    });
    const at = (...names: string[]) => join(directory.path, ...names);

    function start(name: string): Service {
      const service = new Service({ ...places(name), LOAD_SAMPLES: 'false' });
      started.push(service);
      return service;
    }

    // The restore drill itself is in production-page.test.ts, with the commands that operators are shown.
    it('is private, overwrites nothing, and does not come back over a service that runs', async () => {
      const service = start('one');
      const writing = new Writing(await service.url());
      await writing.acknowledges(4);
      const backup = await operate(['backup', at('backup')], places('one'));
      expect([backup.code, backup.stderr]).to.deep.equal([0, '']);
      expect(modesOf(at('backup'))).to.deep.equal(['600', '700']);

      const [again, over] = await Promise.all([
        operate(['backup', at('backup')], places('one')),
        operate(['restore', at('backup'), '--force'], places('one')),
      ]);
      expect([again.code, again.stderr]).to.deep.equal([
        1,
        `${at('backup')} is there already: a backup overwrites nothing\n`,
      ]);
      expect([over.code, over.stderr]).to.deep.equal([
        1,
        'The database is in use: stop the service first (DATABASE_URL)\n',
      ]);
      await writing.stop();
      expect((await service.stop()).code).to.equal(0);
    });

    it('that was changed, or would overwrite a database, is refused and changes nothing', async () => {
      const service = start('one');
      const writing = new Writing(await service.url());
      await writing.acknowledges(4);
      await writing.stop();
      await service.stop();
      expect((await operate(['backup', at('backup')], places('one'))).code).to.equal(0);
      for (const copy of ['database', 'document', 'manifest', 'lost']) {
        cpSync(at('backup'), at(copy), { recursive: true });
      }
      const [document = ''] = readdirSync(at('document', 'documents', 'raw'));
      appendFileSync(at('database', 'invoices.sqlite'), 'x');
      appendFileSync(at('document', 'documents', 'raw', document), 'x');
      writeFileSync(at('manifest', 'backup.json'), '{"format":2}');
      writeFileSync(at('lost', 'invoices.sqlite'), 'Dear Sir or Madam');

      const refusals = await Promise.all([
        operate(['restore', at('database')], places('a')),
        operate(['restore', at('document')], places('b')),
        operate(['restore', at('manifest')], places('c')),
        operate(['restore', at('backup')], places('one')),
        operate(['backup', at('other')], places('none')),
        operate(['backup', at('other')], { ...places('one'), DATABASE_URL: 'postgres://ann:secret@db.invalid/x' }),
      ]);
      expect(refusals.map(({ code, stdout, stderr }) => [code, stdout, stderr])).to.deep.equal([
        [1, '', 'The backup cannot be relied on: its database was changed after it was made\n'],
        [1, '', `The backup cannot be relied on: the document raw/${document} is missing or was changed\n`],
        [1, '', `${at('manifest')} is no backup of this version: backup.json is of another kind\n`],
        [1, '', 'There is a database already: restore elsewhere, or add --force (DATABASE_URL)\n'],
        [1, '', 'There is no database yet that could be backed up (DATABASE_URL)\n'],
        [
          1,
          '',
          'This is for SQLite; for this database use pg_dump and pg_restore, as apps/api/docs/production.md shows\n',
        ],
      ]);
      for (const name of ['a', 'b', 'c', 'none', 'other']) {
        expect(existsSync(at(name, 'invoices.sqlite')), name).to.equal(false);
      }

      const forced = await operate(['restore', at('backup'), '--force'], places('one'));
      expect([forced.code, forced.stderr]).to.deep.equal([0, '']);
      const [, replaced = ''] = /^The database that was there is now (.+)$/m.exec(forced.stdout) ?? [];
      expect(readFileSync(replaced).subarray(0, 15).toString()).to.equal('SQLite format 3');
    });

    it('of a damaged database is refused, and one with a lost document names it', async () => {
      const service = start('one');
      const writing = new Writing(await service.url());
      await writing.acknowledges(4);
      await writing.stop();
      await service.stop();
      for (const name of ['damaged', 'tampered']) {
        cpSync(at('one'), at(name), { recursive: true });
      }
      const pages = readFileSync(at('damaged', 'invoices.sqlite'));
      writeFileSync(at('damaged', 'invoices.sqlite'), pages.fill(7, 4096, 3 * 4096));
      const [lost = ''] = readdirSync(at('one', 'storage', 'raw'));
      writeFileSync(at('one', 'storage', 'raw', lost), 'not what was uploaded');

      const [damaged, incomplete] = await Promise.all([
        operate(['backup', at('damaged-backup')], places('damaged')),
        operate(['backup', at('backup')], places('one')),
      ]);
      expect([damaged.code, damaged.stderr]).to.deep.equal([
        1,
        'The copy cannot be relied on: it is no database of the service, or a damaged one\n',
      ]);
      expect([incomplete.code, incomplete.stderr]).to.deep.equal([
        0,
        `The document raw/${lost} is lost or was changed, and is not in the backup\n`,
      ]);
      expect(readdirSync(directory.path).filter((name) => name.includes('damaged-backup'))).to.deep.equal([]);
      expect((await operate(['restore', at('backup')], places('two'))).code).to.equal(0);
    });
  }),
);

/** Every mode of a file or directory below, once. */
function modesOf(place: string): string[] {
  const modes = readdirSync(place, { recursive: true }).map((name) => statSync(join(place, String(name))).mode & 0o777);
  return [...new Set(modes.map((mode) => mode.toString(8)))].sort();
}

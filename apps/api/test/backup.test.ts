import { appendFileSync, cpSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { type DirectoryResult, dir } from 'tmp-promise';
import { backUp } from '../src/backup/back-up.ts';
import { restore } from '../src/backup/restore.ts';
import { operate } from './support/command.ts';
import { onlyOn } from './support/engine.ts';
import { Service } from './support/service.ts';
import { Writing } from './support/writing.ts';

const NOW = new Date('2026-11-23T01:02:03.004Z');

// The restore drill is in production-page.test.ts, with the commands that operators are shown.
onlyOn('sqlite', () =>
  describe('a backup', () => {
    let directory: DirectoryResult;
    let service: Service | undefined;

    /** A file below the directory of the tests. */
    const at = (...names: string[]) => join(directory.path, ...names);
    /** The database and the storage of a name. */
    const places = (name: string) => ({ database: at(name, 'invoices.sqlite'), storage: at(name, 'storage') });
    const environment = (name: string) => {
      const { database, storage } = places(name);
      return { DATABASE_URL: `sqlite://${database}`, STORAGE_DIR: storage };
    };

    before(async () => {
      directory = await dir({ prefix: 'invoice-api-', unsafeCleanup: true });
      service = new Service({ ...environment('running'), LOAD_SAMPLES: 'false' });
      const writing = new Writing(await service.url());
      await writing.acknowledges(6);
      await writing.stop();
      await backUp(places('running'), at('backup'), NOW);
      await restore(at('backup'), places('stopped'), false, NOW);
    });

    after(async () => {
      await service?.stop('SIGKILL');
      await directory.cleanup();
    });

    it('is private, overwrites nothing, and does not come back over a service that runs', async () => {
      expect(modesOf(at('backup'))).to.deep.equal(['600', '700']);
      const [again, over, elsewhere] = await Promise.all([
        operate(['backup', at('backup')], environment('running')),
        operate(['restore', at('backup'), '--force'], environment('running')),
        operate(['backup', at('other')], { DATABASE_URL: 'postgres://ann:secret@db.invalid/x' }),
      ]);
      expect([again, over, elsewhere].map(({ code, stdout, stderr }) => [code, stdout, stderr])).to.deep.equal([
        [1, '', `${at('backup')} is there already: a backup overwrites nothing\n`],
        [1, '', 'The database is in use: stop the service first (DATABASE_URL)\n'],
        [
          1,
          '',
          'This is for SQLite; for this database use pg_dump and pg_restore, as apps/api/docs/production.md shows\n',
        ],
      ]);
    });

    const [database, documents, manifest] = ['invoices.sqlite', join('documents', 'raw'), 'backup.json'];
    const changes: Readonly<Record<string, readonly [change: (backup: string) => void, refusal: RegExp]>> = {
      'whose database was changed': [
        (backup) => appendFileSync(join(backup, database), 'x'),
        /^The backup cannot be relied on: its database was changed after it was made$/,
      ],
      'whose document was changed': [
        (backup) => appendFileSync(join(backup, documents, firstOf(join(backup, documents))), 'x'),
        /^The backup cannot be relied on: the document raw\/\w+\.pdf is missing or was changed$/,
      ],
      'that describes another database': [
        (backup) => replaceIn(join(backup, manifest), /"audit_head": "\d/, '"audit_head": "9'),
        /^The backup cannot be relied on: its database is not the one it describes$/,
      ],
      'of another version': [
        (backup) => replaceIn(join(backup, manifest), /"format": 1/, '"format": 2'),
        /is no backup of this version: backup\.json is of another kind$/,
      ],
      'that was never finished': [
        (backup) => replaceIn(join(backup, manifest), /[\s\S]*/, ''),
        /is no backup of this version/,
      ],
    };
    for (const [what, [change, refusal]] of Object.entries(changes)) {
      it(`${what} is refused, and nothing is restored of it`, async () => {
        const [backup, name] = [at(`backup ${what}`), `restored ${what}`];
        cpSync(at('backup'), backup, { recursive: true });
        change(backup);

        expect(await messageOf(restore(backup, places(name), false, NOW))).to.match(refusal);
        expect(filesIn(at(name))).to.deep.equal([]);
      });
    }

    it('replaces a database only when told to, and keeps it under another name', async () => {
      cpSync(at('stopped'), at('replaced'), { recursive: true });
      expect(await messageOf(restore(at('backup'), places('replaced'), false, NOW))).to.match(
        /^There is a database already/,
      );
      const { replaced } = await restore(at('backup'), places('replaced'), true, NOW);

      expect(replaced).to.equal(at('replaced', 'invoices.sqlite.replaced-20261123T010203.004Z'));
      expect(readFileSync(String(replaced)).equals(readFileSync(places('stopped').database))).to.equal(true);
    });

    it('replaces also a database that can no longer be opened', async () => {
      cpSync(at('stopped'), at('garbage'), { recursive: true });
      writeFileSync(places('garbage').database, 'Dear Sir or Madam, '.repeat(100));
      await restore(at('backup'), places('garbage'), true, NOW);

      expect((await backUp(places('garbage'), at('backup of what was garbage'), NOW)).invoices).to.be.above(5);
    });

    it('of a damaged database is refused and leaves nothing', async () => {
      cpSync(at('stopped'), at('damaged'), { recursive: true });
      const pages = readFileSync(places('damaged').database);
      writeFileSync(places('damaged').database, pages.fill(7, 4096, 3 * 4096));

      const message = await messageOf(backUp(places('damaged'), at('never'), NOW));
      expect(message).to.match(/^The copy cannot be relied on: it is (damaged|no database of the service)/);
      expect(readdirSync(directory.path).filter((name) => name.startsWith('never'))).to.deep.equal([]);
    });

    it('names the documents that had been lost, and has all others', async () => {
      cpSync(at('stopped'), at('lossy'), { recursive: true });
      const kept = at('lossy', 'storage', 'raw');
      const lost = firstOf(kept);
      writeFileSync(join(kept, lost), 'not what was uploaded');

      const { documents, unsound_documents } = await backUp(places('lossy'), at('backup of the lossy one'), NOW);
      expect(unsound_documents).to.deep.equal([`raw/${lost}`]);
      expect(documents).to.equal(readdirSync(kept).length - 1);
      await restore(at('backup of the lossy one'), places('from the lossy one'), false, NOW);
      expect(readdirSync(at('from the lossy one', 'storage', 'raw'))).to.have.length(documents);
    });

    it('of no database at all is refused, and makes none', async () => {
      expect(await messageOf(backUp(places('none'), at('never'), NOW))).to.match(/^There is no database yet/);
      expect(existsSync(at('none'))).to.equal(false);
    });
  }),
);

async function messageOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'no refusal',
    (error: Error) => error.message,
  );
}

function replaceIn(file: string, pattern: RegExp, text: string): void {
  writeFileSync(file, readFileSync(file, 'utf8').replace(pattern, text));
}

function firstOf(place: string): string {
  return readdirSync(place).sort()[0] ?? '';
}

/** Every file below, of a place that may not be there. */
function filesIn(place: string): string[] {
  const names = existsSync(place) ? readdirSync(place, { recursive: true }).map(String) : [];
  return names.filter((name) => statSync(join(place, name)).isFile());
}

/** Every mode of a file or directory below, once. */
function modesOf(place: string): string[] {
  const modes = readdirSync(place, { recursive: true }).map((name) => statSync(join(place, String(name))).mode & 0o777);
  return [...new Set(modes.map((mode) => mode.toString(8)))].sort();
}

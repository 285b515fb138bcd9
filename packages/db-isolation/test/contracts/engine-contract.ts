import { randomBytes } from 'node:crypto';
import type { Address, Engine, EngineSession } from '@acme/db-isolation';
import { expect } from 'chai';
import { rejection } from '../support/rejections.ts';
import { useWorkspace } from '../support/workspace.ts';

/** One kind of engine under test: how to reach its databases without this library. */
export interface EngineUnderTest {
  readonly engine: () => Engine;
  /** Runs statements one by one on a connection of its own; answers the rows of the last one. */
  readonly execute: (address: Address, ...statements: string[]) => Promise<readonly unknown[]>;
  /** The address of a kept database, of which only the URL is known. */
  readonly addressOf: (url: string) => Address;
}

/** What every engine has to do, whatever its databases are. */
export function engineContract(name: string, subject: EngineUnderTest): void {
  describe(`engine contract: ${name}`, () => {
    const workspace = useWorkspace();
    const { execute } = subject;
    const ROWS = 'select text from word order by text';
    let fingerprint: string;
    let session: EngineSession;
    let builds: number;

    beforeEach(async () => {
      builds = 0;
      fingerprint = randomFingerprint(); // a server may still have the templates of earlier tests
      session = await start();
    });

    const start = async () => {
      const started = await subject.engine().start();
      workspace.atEnd(() => started.close());
      return started;
    };
    const build = async (address: Address) => {
      builds += 1;
      await execute(address, 'create table word (text varchar(20))', "insert into word values ('first')");
    };
    const cloneOf = async (template: string) => (await session.clone(template)) ?? expect.fail('the template is gone');

    it('builds a template once, in an empty database', async () => {
      for (let time = 0; time < 2; time += 1) await session.ensureTemplate(fingerprint, build);
      expect(builds).to.equal(1);
    });

    it('builds a template once when several sessions want it at the same moment', async () => {
      const sessions = [session, ...(await Promise.all([1, 2, 3].map(start)))];
      await Promise.all(sessions.map((each) => each.ensureTemplate(fingerprint, build)));
      expect(builds).to.equal(1);
    });

    it('finds the template of an earlier session, and keeps fingerprints apart', async () => {
      await session.ensureTemplate(fingerprint, build);
      await session.close();
      session = await start();
      await session.ensureTemplate(fingerprint, build);
      expect(builds).to.equal(1);
      await session.ensureTemplate(randomFingerprint(), build);
      expect(builds).to.equal(2);
    });

    it('makes clones that equal the template and are apart from it and from each other', async () => {
      await session.ensureTemplate(fingerprint, build);
      const [one, two] = await Promise.all([cloneOf(fingerprint), cloneOf(fingerprint)]);
      await execute(one.address, "insert into word values ('of one')", 'create table extra (id integer)');
      expect(await execute(two.address, ROWS)).to.deep.equal([{ text: 'first' }]);
      const three = await cloneOf(fingerprint);
      expect(await execute(three.address, ROWS)).to.deep.equal([{ text: 'first' }]);
      await rejection(execute(three.address, 'select * from extra'));
      expect(new Set([one, two, three].map(({ address }) => address.url)).size).to.equal(3);
      await Promise.all([one, two, three].map(async (clone) => clone.drop()));
    });

    it('drops a clone for good, once or twice, and never uses its address again', async () => {
      await session.ensureTemplate(fingerprint, build);
      const seen = new Set<string>();
      for (let time = 0; time < 5; time += 1) {
        const clone = await cloneOf(fingerprint);
        expect(seen).not.to.include(clone.address.url);
        seen.add(clone.address.url);
        await clone.drop();
        await clone.drop();
        await rejection(execute(clone.address, ROWS));
      }
    });

    it('answers no clone when there is no template', async () => {
      expect(await session.clone(fingerprint)).to.equal(undefined);
    });

    it('leaves nothing of a build that fails, tells why, and builds again', async () => {
      const failing = async (address: Address) => {
        await build(address);
        throw new Error('half-way');
      };
      for (let time = 0; time < 2; time += 1) {
        expect((await rejection(session.ensureTemplate(fingerprint, failing))).message).to.equal('half-way');
        expect(await session.clone(fingerprint)).to.equal(undefined);
      }
      await session.ensureTemplate(fingerprint, build);
      const clone = await cloneOf(fingerprint);
      expect(await execute(clone.address, ROWS)).to.deep.equal([{ text: 'first' }]);
      await clone.drop();
    });

    it('keeps a database beyond the end of its session, until it is discarded', async () => {
      await session.ensureTemplate(fingerprint, build);
      const clone = await cloneOf(fingerprint);
      await execute(clone.address, "insert into word values ('evidence')");
      const kept = (await clone.keep('a test that failed')) ?? expect.fail('nothing was kept');
      await session.close();
      expect(kept.title).to.equal('a test that failed');
      const address = subject.addressOf(kept.url);
      expect(await execute(address, ROWS)).to.deep.equal([{ text: 'evidence' }, { text: 'first' }]);
      await kept.discard();
      await kept.discard();
      await rejection(execute(address, ROWS));
    });

    it('takes what it holds with it when it is closed, and may be closed twice', async () => {
      await session.ensureTemplate(fingerprint, build);
      const clone = await cloneOf(fingerprint);
      await Promise.all([session.close(), session.close()]);
      await session.close();
      await rejection(execute(clone.address, ROWS));
    });

    it('admits tests, and takes room back once however often it is given back', async () => {
      const [one, two] = await Promise.all([session.admit(), session.admit()]);
      for (const giveBack of [one, one, two]) giveBack();
      (await session.admit())();
    });

    it('sweeps nothing of a live session', async () => {
      await session.ensureTemplate(fingerprint, build);
      const clone = await cloneOf(fingerprint);
      const other = await start();
      expect(await other.sweep()).to.deep.equal({ runs: 0, kept: 0, templates: 0 });
      await other.close();
      expect(await execute(clone.address, ROWS)).to.deep.equal([{ text: 'first' }]);
      await clone.drop();
    });

    it('has a fingerprint that is the same every time', async () => {
      expect((await start()).fingerprint)
        .to.equal(session.fingerprint)
        .and.not.equal('');
    });
  });
}

function randomFingerprint(): string {
  return randomBytes(16).toString('hex');
}

import type { Address, Engine, EngineSession } from '@acme/db-isolation';
import { expect } from 'chai';
import { rejection } from '../support/rejections.ts';
import { useWorkspace } from '../support/workspace.ts';

/** One kind of engine under test: how to reach its databases without this library. */
export interface EngineUnderTest {
  readonly engine: () => Engine;
  /** Runs statements one by one on a connection of its own; answers the rows of the last one. */
  readonly execute: (address: Address, ...statements: string[]) => Promise<readonly unknown[]>;
}

/** What every engine has to do, whatever its databases are. */
export function engineContract(name: string, subject: EngineUnderTest): void {
  describe(`engine contract: ${name}`, () => {
    const workspace = useWorkspace();
    const { execute } = subject;
    const FINGERPRINT = 'a'.repeat(32);
    const OTHER = 'b'.repeat(32);
    const ROWS = 'select text from word order by text';
    let session: EngineSession;
    let builds: number;

    beforeEach(async () => {
      builds = 0;
      session = await subject.engine().start();
      workspace.atEnd(() => session.close());
    });

    const build = async (address: Address) => {
      builds += 1;
      await execute(address, 'create table word (text varchar(20))', "insert into word values ('first')");
    };
    const cloneOf = async (fingerprint: string) =>
      (await session.clone(fingerprint)) ?? expect.fail('the template is gone');

    it('builds a template once, in an empty database', async () => {
      for (let time = 0; time < 2; time += 1) await session.ensureTemplate(FINGERPRINT, build);
      expect(builds).to.equal(1);
    });

    it('builds a template once when several sessions want it at the same moment', async () => {
      const others = await Promise.all([1, 2, 3].map(() => subject.engine().start()));
      await Promise.all([session, ...others].map((each) => each.ensureTemplate(FINGERPRINT, build)));
      expect(builds).to.equal(1);
      for (const other of others) other.close();
    });

    it('finds the template of an earlier session, and keeps fingerprints apart', async () => {
      await session.ensureTemplate(FINGERPRINT, build);
      session.close();
      session = await subject.engine().start();
      await session.ensureTemplate(FINGERPRINT, build);
      expect(builds).to.equal(1);
      await session.ensureTemplate(OTHER, build);
      expect(builds).to.equal(2);
    });

    it('makes clones that equal the template and are apart from it and from each other', async () => {
      await session.ensureTemplate(FINGERPRINT, build);
      const [one, two] = await Promise.all([cloneOf(FINGERPRINT), cloneOf(FINGERPRINT)]);
      await execute(one.address, "insert into word values ('of one')", 'create table extra (id integer)');
      expect(await execute(two.address, ROWS)).to.deep.equal([{ text: 'first' }]);
      const three = await cloneOf(FINGERPRINT);
      expect(await execute(three.address, ROWS)).to.deep.equal([{ text: 'first' }]);
      await rejection(execute(three.address, 'select * from extra'));
      expect(new Set([one, two, three].map(({ address }) => address.url)).size).to.equal(3);
      await Promise.all([one, two, three].map(async (clone) => clone.drop()));
    });

    it('drops a clone for good, once or twice, and never uses its address again', async () => {
      await session.ensureTemplate(FINGERPRINT, build);
      const seen = new Set<string>();
      for (let time = 0; time < 5; time += 1) {
        const clone = await cloneOf(FINGERPRINT);
        expect(seen).not.to.include(clone.address.url);
        seen.add(clone.address.url);
        await clone.drop();
        await clone.drop();
        await rejection(execute(clone.address, ROWS));
      }
    });

    it('answers no clone when there is no template', async () => {
      expect(await session.clone(FINGERPRINT)).to.equal(undefined);
    });

    it('leaves nothing of a build that fails, tells why, and builds again', async () => {
      const failing = async (address: Address) => {
        await build(address);
        throw new Error('half-way');
      };
      for (let time = 0; time < 2; time += 1) {
        expect((await rejection(session.ensureTemplate(FINGERPRINT, failing))).message).to.equal('half-way');
        expect(await session.clone(FINGERPRINT)).to.equal(undefined);
      }
      await session.ensureTemplate(FINGERPRINT, build);
      const clone = await cloneOf(FINGERPRINT);
      expect(await execute(clone.address, ROWS)).to.deep.equal([{ text: 'first' }]);
      await clone.drop();
    });

    it('keeps a database beyond the end of its session, until it is discarded', async () => {
      await session.ensureTemplate(FINGERPRINT, build);
      const clone = await cloneOf(FINGERPRINT);
      await execute(clone.address, "insert into word values ('evidence')");
      const kept = (await clone.keep('a test that failed')) ?? expect.fail('nothing was kept');
      session.close();
      expect(kept.title).to.equal('a test that failed');
      const file = new URL(kept.url.replace(/^sqlite:/, 'file:'));
      const address = { ...clone.address, url: kept.url, filename: decodeURIComponent(file.pathname) };
      expect(await execute(address, ROWS)).to.deep.equal([{ text: 'evidence' }, { text: 'first' }]);
      await kept.discard();
      await kept.discard();
      await rejection(execute(address, ROWS));
    });

    it('takes what it holds with it when it is closed, and may be closed twice', async () => {
      await session.ensureTemplate(FINGERPRINT, build);
      const clone = await cloneOf(FINGERPRINT);
      session.close();
      session.close();
      await rejection(execute(clone.address, ROWS));
    });

    it('sweeps nothing of a live session', async () => {
      await session.ensureTemplate(FINGERPRINT, build);
      const clone = await cloneOf(FINGERPRINT);
      const other = await subject.engine().start();
      expect(await other.sweep()).to.deep.equal({ runs: 0, kept: 0, templates: 0 });
      other.close();
      expect(await execute(clone.address, ROWS)).to.deep.equal([{ text: 'first' }]);
      await clone.drop();
    });

    it('has a fingerprint that is the same every time', async () => {
      const other = await subject.engine().start();
      expect(other.fingerprint).to.equal(session.fingerprint).and.not.equal('');
      other.close();
    });
  });
}

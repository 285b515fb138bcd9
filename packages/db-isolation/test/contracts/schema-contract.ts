import type { Schema } from '@acme/db-isolation';
import { expect } from 'chai';
import type { Knex } from 'knex';
import { useWorkspace, type Workspace } from '../support/workspace.ts';

/** One kind of schema source under test. */
export interface SchemaUnderTest {
  /** Makes a source that fills the table `word` with these words; `id` tells sources of one test apart. */
  readonly source: (workspace: Workspace, id: string, words: readonly string[]) => Schema<Knex>;
}

/** What every schema source has to do. Works through Knex on SQLite, since a source is about files, not about engines. */
export function schemaContract(name: string, subject: SchemaUnderTest): void {
  describe(`schema contract: ${name}`, () => {
    const workspace = useWorkspace();
    const fingerprint = async (schema: Schema<Knex>) => schema.fingerprint();

    it('fills an empty database', async () => {
      const schema = subject.source(workspace, 'a', ['one', "two; it's"]);
      await workspace.isolation({ schema }).run('reads', async ({ db }) => {
        expect(await db('word').pluck('text')).to.deep.equal(['one', "two; it's"]);
      });
    });

    it('has the same fingerprint for the same source, wherever it lies', async () => {
      const [one, two] = ['a', 'b'].map((id) => subject.source(workspace, id, ['one']));
      expect(await fingerprint(one as Schema<Knex>))
        .to.equal(await fingerprint(two as Schema<Knex>))
        .and.not.equal('');
    });

    it('has another fingerprint when it would fill something else', async () => {
      const before = await fingerprint(subject.source(workspace, 'a', ['one']));
      expect(await fingerprint(subject.source(workspace, 'a', ['other']))).not.to.equal(before);
    });
  });
}

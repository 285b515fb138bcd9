import type { Knex } from 'knex';
import { db, expectNotes, expectTemplate, fails } from '../support/index.ts';

class Notes {
  readonly #db: Knex;
  constructor(handle: Knex) {
    this.#db = handle;
  }
  async add(text: string): Promise<void> {
    await this.#db('note').insert({ text });
  }
}

describe('shared-repository', () => {
  let notes: Notes | undefined;
  const repository = () => {
    notes ??= new Notes(db());
    return notes;
  };

  it('plants a repository that the app makes once, with the first handle', () => repository().add('first'));

  it('starts from the template, and nothing is lost in silence', async () => {
    await expectTemplate();
    await expectNotes(...((await fails(repository().add('second'))) ? [] : ['second']));
  });
});

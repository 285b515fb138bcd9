import { db, engine, expectNotes, expectTemplate } from '../support/index.ts';

const TRIGGER = {
  sqlite: [
    `create trigger shout after insert on note
       begin update note set text = upper(text) where id = new.id; end`,
  ],
  postgres: [
    `create function shout() returns trigger language plpgsql as
       'begin new.text = upper(new.text); return new; end'`,
    'create trigger shout before insert on note for each row execute function shout()',
  ],
  mysql: ['create trigger shout before insert on note for each row set new.text = upper(new.text)'],
};

describe('trigger', () => {
  it('plants a trigger', async () => {
    for (const sql of TRIGGER[engine]) await db().raw(sql);
  });

  it('starts from the template, and rows stay as they are written', async () => {
    await expectTemplate();
    await db()('note').insert({ text: 'mine' });
    await expectNotes('mine');
  });
});

import { expect } from 'chai';
import type { Changes, TableChanges } from '../../src/engines/changes.ts';
import { describeChanges } from '../../src/evidence/describe-changes.ts';

const NOTHING: Changes = { tables: [], schema: [], cut: [] };

describe('text of what a test changed', () => {
  it('says that it was nothing, also as far as it was compared', () => {
    expect(describeChanges(NOTHING)).to.equal('The test changed nothing in it.');
    const cut = describeChanges({ ...NOTHING, cut: ['stopped after 1 s: table big was not compared'] });
    expect(cut).to.equal(
      'As far as it was compared, the test changed nothing in it.\n  stopped after 1 s: table big was not compared',
    );
  });

  it('shows tables, rows, schema and what was cut', () => {
    const note: TableChanges = {
      table: 'note',
      inserted: 1,
      updated: 1,
      deleted: 1,
      rows: [
        {
          change: 'inserted',
          key: { id: '3' },
          columns: { id: { after: '3' }, text: { after: 'buy milk' }, done: { after: '0' } },
        },
        { change: 'updated', key: { id: '1' }, columns: { text: { before: 'a', after: null } } },
        { change: 'deleted', key: { id: '2' }, columns: { id: { before: '2' }, text: { before: 'b\nc' } } },
      ],
    };
    const schema = [{ object: 'index note_text', change: 'created' as const }];
    const text = describeChanges({ tables: [note], schema, cut: ['stopped after 1 s: table big was not compared'] });
    expect(text.split('\n')).to.deep.equal([
      'What the test changed in it:',
      '  note: 1 inserted, 1 updated, 1 deleted',
      "    + id=3: text='buy milk', done=0",
      "    ~ id=1: text 'a' -> null",
      "    - id=2: text='b\\nc'",
      '  schema: index note_text created',
      '  stopped after 1 s: table big was not compared',
    ]);
  });

  it('has about forty lines at most, and shares them among the tables', () => {
    const rows = Array.from({ length: 5 }, (_, i) => {
      return { change: 'inserted' as const, key: { id: String(i) }, columns: { id: { after: String(i) } } };
    });
    for (const count of [1, 10, 30, 100]) {
      const tables = Array.from({ length: count }, (_, i) => ({
        table: `t${i}`,
        inserted: 5,
        updated: 0,
        deleted: 0,
        rows,
      }));
      const schema = Array.from({ length: count }, (_, i) => ({ object: `table x${i}`, change: 'created' as const }));
      const lines = describeChanges({ tables, schema, cut: ['something was left out'] }).split('\n');
      expect(lines.length).to.be.at.most(42);
      expect(lines.at(-1)).to.equal('  something was left out');
      expect(lines.filter((line) => /^ {2}t\d/.test(line)).length).to.be.at.least(Math.min(count, 20));
    }
  });
});

import { expect } from 'chai';
import { FIELDS } from '../src/model/fields.ts';
import { accepted, get, handOver, history, type Json, stored, view } from './support/api.ts';
import { isolation } from './support/isolation.ts';

/** Texts that databases are known to take for one another, or to change. */
const LOOKALIKES = [
  'a',
  'A',
  'á',
  'a\u0301',
  'a ',
  'a\t',
  ' a',
  '',
  'ß',
  'ss',
  'ﬁ',
  'fi',
  'i',
  'ı',
  'İ',
  '\\',
  "\\'",
  '%',
  '_',
];
const UNUSUAL = [
  '𝄞😀👩‍👩‍👧',
  '\u{10ffff}',
  '\ufffe',
  '\ufeff',
  '\u0001\u001f',
  '\r\n',
  '"',
  "'; DROP TABLE invoices; --",
  '\\0',
  '\u200f',
  '?',
  '$1',
  ':id',
];

describe('texts, on every engine', () => {
  it('come back as they were sent', async () => {
    for (const [index, text] of [...LOOKALIKES, ...UNUSUAL].entries()) {
      await handOver({ id: `t${index}`, vendor_name: text, notes: text, vendor_address: { city: text } });
      expect(await stored(`t${index}`)).to.deep.include({ vendor_name: text, notes: text });
      expect((await stored(`t${index}`)).vendor_address.city).to.equal(text);
    }
  });

  it('are equal only when they are the same', async () => {
    const { db } = isolation.current();
    for (const [index, status] of LOOKALIKES.entries()) {
      await handOver({ id: `t${index}` });
      await db('invoices')
        .where({ id: `t${index}` })
        .update({ status });
    }
    for (const [index, status] of LOOKALIKES.entries()) {
      if (status !== '') {
        const { body } = await get(`/api/hitl/invoices?status=${encodeURIComponent(status)}`);
        expect(
          body.invoices.map(({ invoice_id }: Json) => invoice_id),
          status,
        ).to.deep.equal([`t${index}`]);
      }
    }
  });

  it('are ordered by code point, ids of the same moment too', async () => {
    const ids = ['_', 'Z', 'a', 'A', '9', '0', '-', 'a.', 'a-', 'B', 'aa', 'a_', 'AA', 'z', '10', '1', '2'];
    for (const id of ids) {
      await handOver({ id, upload_date: '2026-01-01T00:00:00Z' });
    }
    const { body } = await get('/api/hitl/invoices');
    expect(body.invoices.map(({ invoice_id }: Json) => invoice_id)).to.deep.equal([...ids].sort());
  });

  it('tell ids apart by case', async () => {
    await handOver({ id: 'inv-1', notes: 'small' });
    await handOver({ id: 'INV-1', notes: 'large' });
    expect([(await stored('inv-1')).notes, (await stored('INV-1')).notes]).to.deep.equal(['small', 'large']);
    expect((await get('/api/v1/invoices/Inv-1')).status).to.equal(404);
    expect((await get('/api/v1/invoices/inv-1%20')).status).to.equal(404);
  });

  for (const [what, unit] of [
    ['three bytes', '\uffee'],
    ['four bytes', '𝄞'],
  ] as const) {
    it(`may all be as long as allowed, of characters of ${what}`, async () => {
      const long = unit.repeat(4_000 / unit.length);
      const address = { street: long, city: long, province: long, postal_code: long, country: long };
      const texts = Object.entries(FIELDS).filter(([, kind]) => kind === 'text');
      const invoice = {
        ...Object.fromEntries(texts.map(([name]) => [name, long])),
        ...{ id: 'x'.repeat(36), file_name: unit.repeat(250 / unit.length), notes: long },
        ...{ vendor_address: address, bill_to_address: address, remit_to_address: address },
      };
      await handOver(invoice);
      expect(await stored(invoice.id)).to.deep.include(invoice);
    });
  }

  it('may be in history beyond what a short text column holds', async () => {
    await handOver({ id: 'A' });
    const notes = '𝄞'.repeat(2_000);
    const line_item_validations = Array.from({ length: 40 }, (_, index) => ({
      line_number: index + 1,
      validation_notes: notes,
    }));
    await accepted({ invoice_id: 'A', expected_review_version: 0, validation_notes: notes, line_item_validations });
    const [entry] = await history('A');
    expect(entry.line_notes).to.have.length(40);
    expect(entry.line_notes[39]).to.deep.equal({ line_number: 40, notes });
  });

  it('in extensions are kept whatever they hold, in 900,000 characters', async () => {
    const extensions = {
      shift_service: { odd: 'a\u0000b\ud800', ['key\u0000']: 1 },
      per_diem_travel: [{ long: 'é'.repeat(450_000) }],
      timesheet_data: null,
    };
    await handOver({ id: 'A', extensions });
    expect((await view('A')).extensions).to.deep.equal(extensions);
  });
});

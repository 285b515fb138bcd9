import { expect } from 'chai';
import { accepted, confirm, correct, get, handOver, history, stored, view } from './support/api.ts';

const at = (time: string) => ({ now: () => new Date(time) });

describe('review history and status', () => {
  beforeEach(async () => {
    await handOver({ id: 'A' }, at('2026-01-01T00:00:00.000Z'));
  });

  it('is empty for an invoice that nobody reviewed, and 404 for one that is not there', async () => {
    expect(await history('A')).to.deep.equal([]);
    const response = await get('/api/hitl/invoice/nope/history');
    expect([response.status, response.body]).to.deep.equal([404, { detail: 'Invoice nope not found' }]);
  });

  it('keeps one entry for each accepted review, in order, and returns them all', async () => {
    for (let version = 0; version < 12; version += 1) {
      const body = await accepted({
        invoice_id: 'A',
        expected_review_version: version,
        overall_validation_status: `s${version}`,
        reviewer: version % 2 === 0 ? `r${version}` : null,
        validation_notes: version === 3 ? '' : null,
      });
      expect(body.review_history).to.have.length(version + 1);
    }

    const entries = await history('A');
    expect(entries.map((entry) => entry.review_version)).to.deep.equal(Array.from({ length: 12 }, (_, i) => i + 1));
    expect(entries.map((entry) => entry.status)).to.deep.equal(Array.from({ length: 12 }, (_, i) => `s${i}`));
    expect(entries[3].notes).to.equal('');
    expect((await stored('A')).review_notes).to.equal('');
  });

  it('keeps the notes of entries in the order they were sent', async () => {
    await accepted({
      invoice_id: 'A',
      expected_review_version: 0,
      field_validations: [
        { ...confirm('vendor_name'), validation_notes: 'b' },
        confirm('entity'),
        { ...confirm('customer_address'), validation_notes: '', validated: false },
      ],
      line_item_validations: [
        { line_number: 9, validated: false, validation_notes: 'first' },
        { line_number: 3, validation_notes: 'second' },
        { line_number: 9, validation_notes: null },
      ],
    });

    const [entry] = await history('A');
    expect(entry.field_notes).to.deep.equal([
      { field_name: 'vendor_name', notes: 'b' },
      { field_name: 'customer_address', notes: '' },
    ]);
    expect(entry.line_notes).to.deep.equal([
      { line_number: 9, notes: 'first' },
      { line_number: 3, notes: 'second' },
    ]);
  });

  it('moves the status for validated and needs_review, and for no other text', async () => {
    const submit = async (version: number, overall_validation_status: string) => {
      await accepted({ invoice_id: 'A', expected_review_version: version, overall_validation_status });
      const { status, processing_state, review_status } = await stored('A');
      return [status, processing_state, review_status];
    };

    expect(await submit(0, 'pending')).to.deep.equal(['EXTRACTED', 'EXTRACTED', 'pending']);
    expect(await submit(1, 'needs_review')).to.deep.equal(['in_review', 'EXTRACTED', 'needs_review']);
    expect(await submit(2, 'Validated')).to.deep.equal(['in_review', 'EXTRACTED', 'Validated']);
    expect(await submit(3, 'validated')).to.deep.equal(['VALIDATED', 'VALIDATED', 'validated']);
    expect(await submit(4, '')).to.deep.equal(['VALIDATED', 'VALIDATED', '']);
    expect(await submit(5, 'needs_review')).to.deep.equal(['in_review', 'VALIDATED', 'needs_review']);
  });

  it('overwrites the reviewer, also with nobody, and the note only with a note', async () => {
    await accepted({ invoice_id: 'A', expected_review_version: 0, reviewer: 'ann', validation_notes: 'n' });
    await accepted({ invoice_id: 'A', expected_review_version: 1 });

    expect(await stored('A')).to.include({ reviewer: null, review_notes: 'n', review_status: 'pending' });
  });

  it('never lets updated_at go back, and leaves id and created_at alone', async () => {
    await accepted(
      {
        invoice_id: 'A',
        expected_review_version: 0,
        id: 'B',
        created_at: 'x',
        review_version: 7,
        processing_state: 'FAILED',
      },
      at('2026-01-03T00:00:00.000Z'),
    );
    await accepted({ invoice_id: 'A', expected_review_version: 1 }, at('2026-01-02T00:00:00.000Z'));

    expect(await stored('A')).to.include({
      id: 'A',
      created_at: '2026-01-01T00:00:00.000Z',
      updated_at: '2026-01-03T00:00:00.000Z',
      review_version: 2,
      processing_state: 'EXTRACTED',
    });
  });

  it('shows pending_review until the first review', async () => {
    expect((await view('A')).review_status).to.equal('pending_review');
    await accepted({ invoice_id: 'A', expected_review_version: 0, field_validations: [correct('entity', 'E')] });
    expect((await view('A')).review_status).to.equal('pending');
  });
});

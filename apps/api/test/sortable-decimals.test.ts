import { Big } from 'big.js';
import { expect } from 'chai';
import fc from 'fast-check';
import { canonicalDecimal, MAX_DECIMAL_LENGTH } from '../src/money/decimal.ts';
import { MAX_SORT_KEY_LENGTH, sortKey } from '../src/money/sortable-decimal.ts';
import { isolation } from './support/isolation.ts';

const digits = (most: number) =>
  fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: most }).map((list) => list.join(''));

/** Every decimal that can be stored, with short ones and shared beginnings as often as long ones. */
const decimals = fc
  .tuple(fc.constantFrom('', '-'), fc.oneof(digits(3), digits(62)), fc.oneof(digits(2), digits(62)))
  .map(([sign, whole, fraction]) => {
    const plain = `${sign}${whole.replace(/^0+/, '') || '0'}`;
    return canonicalDecimal((fraction === '' ? plain : `${plain}.${fraction}`).slice(0, MAX_DECIMAL_LENGTH));
  })
  .filter((decimal) => !decimal.endsWith('.'));

describe('the key that decimals are ordered by', () => {
  it('orders any two decimals as numbers', () => {
    fc.assert(
      fc.property(decimals, decimals, (a, b) => {
        const [keyA, keyB] = [sortKey(a), sortKey(b)];
        const byKey = keyA < keyB ? -1 : Number(keyA > keyB);
        expect(byKey, `${a} ${b}`).to.equal(new Big(a).cmp(b));
        expect(keyA).to.match(/^[01][0-9]+~?$/);
        expect(keyA.length).to.be.at.most(MAX_SORT_KEY_LENGTH);
      }),
      { numRuns: 2_000 },
    );
  });

  it('orders the longest and the closest decimals', () => {
    const ordered = [
      ...[`-${'9'.repeat(63)}`, `-1${'0'.repeat(62)}`, '-100', '-99.99', '-12.51', '-12.5', '-12', '-10', '-9', '-1'],
      ...['-0.1', '-0.01', `-0.${'0'.repeat(60)}1`, '0', `0.${'0'.repeat(61)}1`, '0.01', '0.1', '0.11', '1', '9'],
      ...['10', '12', '12.5', '12.51', '99.99', '100', `1${'0'.repeat(63)}`, '9'.repeat(64)],
    ];
    expect([...ordered].map(sortKey).sort()).to.deep.equal(ordered.map(sortKey));
  });

  it('is ordered by the database as it is here', async () => {
    const { db } = isolation.current();
    const sample = fc.sample(decimals, { numRuns: 100, seed: 7 });
    for (const [index, decimal] of sample.entries()) {
      await db('invoices').insert({
        ...BARE,
        id: `i${index}`,
        total_amount: decimal,
        total_amount_key: sortKey(decimal),
      });
    }

    const amounts = await db('invoices').orderBy('total_amount_key').pluck('total_amount');
    expect(amounts).to.deep.equal([...sample].sort((a, b) => new Big(a).cmp(b)));
  });
});

const BARE = {
  ...{ upload_date: '', status: '', processing_state: '', created_at: '', updated_at: '' },
  ...{ tax_breakdown: '{}', field_confidence: '{}', field_confirmations: '{}' },
};

import { expect } from 'chai';
import { slope } from '../scorecard/load/statistics.ts';
import {
  applyWrite,
  replay,
  type SerialInvoice,
  type SerialWrite,
  spelled,
} from '../scorecard/model/serial-invoice.ts';
import { canonical, randomDecimal } from '../scorecard/support/exact-decimal.ts';
import { Random } from '../scorecard/support/random.ts';

const created: SerialInvoice = {
  fields: { vendor_name: 'Acme', po_number: '7', total_amount: null },
  lines: new Map([
    [1, 'one'],
    [2, 'two'],
  ]),
};
const write = (changes: Partial<SerialWrite>): SerialWrite => ({
  fields: {},
  lines: new Map(),
  clears: [],
  ...changes,
});
const named = (version: number, vendor_name: string) => ({ version, write: write({ fields: { vendor_name } }) });

describe('the scorecard', () => {
  it('knows what a write leaves, and that a clear wins', () => {
    const changes = write({
      fields: { po_number: '8', total_amount: '1' },
      lines: new Map([
        [1, null],
        [3, 'three'],
      ]),
    });

    const after = applyWrite(created, changes);
    expect(spelled(after)).to.equal('[["Acme","8","1"],[[2,"two"],[3,"three"]]]');
    const cleared = applyWrite(created, { ...changes, clears: ['po_number', 'line_items'] });
    expect(spelled(cleared)).to.equal('[["Acme",null,"1"],[]]');
  });

  it('takes writes in the order of their versions', () => {
    const { states, faults } = replay(created, [named(2, 'second'), named(1, 'first')]);

    expect(faults).to.deep.equal([]);
    expect(states.map(({ fields }) => fields.vendor_name)).to.deep.equal(['Acme', 'first', 'second']);
  });

  it('finds a lost update and a version that nobody made', () => {
    expect(replay(created, [named(1, 'a'), named(1, 'b')]).faults).to.deep.equal([
      'two writes were accepted as version 1',
    ]);
    expect(replay(created, [named(1, 'a'), named(3, 'b')]).faults).to.deep.equal([
      'no accepted write made the one before version 3',
    ]);
  });

  it('spells decimals as the contract does', () => {
    const spellings = {
      '123.45': '123.45',
      '40.00': '40',
      '1.30': '1.3',
      '0.00000001': '0.00000001',
      '-0.0': '0',
      '-100': '-100',
    };
    expect(Object.keys(spellings).map(canonical)).to.deep.equal(Object.values(spellings));
  });

  it('makes the same choices for the same seed', () => {
    const choices = (seed: string) => {
      const random = new Random(seed);
      return Array.from({ length: 50 }, () => randomDecimal(random).written);
    };
    expect(choices('a')).to.deep.equal(choices('a'));
    expect(choices('a')).to.not.deep.equal(choices('b'));
  });

  it('tells memory that grows from memory that goes up and down', () => {
    const points = (values: number[]) => values.map((y, x) => ({ x, y }));
    expect(slope(points([1, 3, 5, 7]))).to.equal(2);
    expect(slope(points([5, 1, 1, 5]))).to.equal(0);
  });
});

const { expect } = require('chai');
const { isolation } = require('../isolation');

describe('tests that fail', () => {
  it('fails on purpose', async () => {
    await isolation.current().db('note').insert({ text: 'written by the failing test' });
    expect(await isolation.current().db('note').pluck('text')).to.deep.equal([]);
  });

  it('leaks a transaction', async () => {
    const transaction = await isolation.current().db.transaction();
    await transaction('note').insert({ text: 'never committed' });
  });

  it('passes beside them', async () => {
    expect(await isolation.current().db('note')).to.deep.equal([]);
  });
});

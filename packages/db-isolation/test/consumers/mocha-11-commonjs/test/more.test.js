const { expect } = require('chai');
const { isolation } = require('./isolation');

describe('another file', () => {
  it('starts without notes too', async () => {
    expect(await isolation.current().db('note')).to.deep.equal([]);
    await isolation.current().db('note').insert({ text: 'of another file' });
  });
});

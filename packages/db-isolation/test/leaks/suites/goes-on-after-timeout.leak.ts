import { database, expectTemplate, fails, gate } from '../support/index.ts';

describe('goes-on-after-timeout', () => {
  const nextTest = gate();
  const written = gate();

  it('plants a body that goes on after its timeout', async function () {
    this.timeout(1);
    await nextTest.passed;
    await fails(Promise.resolve().then(() => database.get()('note').insert({ text: 'late' })));
    written.open();
  });

  it('starts from the template, and stays so', async () => {
    nextTest.open();
    await written.passed;
    await expectTemplate();
  });
});

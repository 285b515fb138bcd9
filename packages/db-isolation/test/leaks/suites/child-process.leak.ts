import { db, expectTemplate, urlOfTest } from '../support/index.ts';
import { type OtherProgram, startChild } from '../support/other-program.ts';

describe('child-process', () => {
  let child: OtherProgram | undefined;
  after(() => child?.end());

  it('plants a child process that keeps the test’s database open', async () => {
    await db()('note').insert({ text: 'by the test' });
    child = await startChild(urlOfTest());
  });

  it('starts from the template, and stays so', async () => {
    await expectTemplate();
    await child?.write();
    await expectTemplate();
  });
});

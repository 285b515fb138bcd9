import { db, expectTemplate, urlOfTest } from '../support/index.ts';
import { type OtherProgram, startWorker } from '../support/other-program.ts';

describe('worker-thread', () => {
  let worker: OtherProgram | undefined;
  after(() => worker?.end());

  it('plants a worker thread that keeps the test’s database open', async () => {
    await db()('note').insert({ text: 'by the test' });
    worker = await startWorker(urlOfTest());
  });

  it('starts from the template, and stays so', async () => {
    await expectTemplate();
    await worker?.write();
    await expectTemplate();
  });
});

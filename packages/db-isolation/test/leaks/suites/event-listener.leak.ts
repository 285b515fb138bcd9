import { EventEmitter } from 'node:events';
import { db, expectTemplate, fails } from '../support/index.ts';

describe('event-listener', () => {
  const events = new EventEmitter();

  it('plants a listener with a handle of its own on an emitter that all tests share', () => {
    const handle = db();
    events.on('saved', (work: unknown[]) => work.push(fails(handle('note').insert({ text: 'by the listener' }))));
  });

  it('starts from the template, and stays so when it emits', async () => {
    const work: unknown[] = [];
    events.emit('saved', work);
    await Promise.all(work);
    await expectTemplate();
  });
});

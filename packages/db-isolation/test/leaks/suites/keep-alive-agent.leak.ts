import { Agent } from 'node:http';
import request from 'supertest';
import { createApp } from '../support/app.ts';
import { expectNotes, expectTemplate, listenBefore } from '../support/index.ts';

describe('keep-alive-agent', () => {
  const server = listenBefore(() => createApp());
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  after(() => agent.destroy());
  const post = (text: string) => request(server.url).post('/notes').agent(agent).send({ text }).expect(201);

  it('plants a connection to a shared server that the next test reuses', async () => {
    await post('by the first test');
    await expectNotes('by the first test');
  });

  it('starts from the template, and its requests reach its own database', async () => {
    await expectTemplate();
    await post('mine');
    await expectNotes('mine');
  });
});

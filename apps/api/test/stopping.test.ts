import { once } from 'node:events';
import { connect } from 'node:net';
import { expect } from 'chai';
import { listen } from '../src/server.ts';

describe('a server that stops', () => {
  it('answers a request that has arrived, though nothing has read it yet', async () => {
    const server = await listen((_request, response) => response.end('answered'), '127.0.0.1', 0);
    const client = connect(Number(new URL(server.url).port), '127.0.0.1').setEncoding('utf8');
    let reply = '';
    client.on('data', (text) => {
      reply += text;
    });
    await once(client, 'connect');
    client.write('GET / HTTP/1.1\r\nHost: here\r\n\r\n');

    const [stopped, closed] = [server.stop(), once(client, 'close')];
    await Promise.all([stopped, closed]);
    expect(reply).to.match(/^HTTP\/1.1 200 OK\r\n[\s\S]*answered/);
  });

  it('closes a connection on which nothing was asked', async () => {
    const server = await listen((_request, response) => response.end(), '127.0.0.1', 0);
    const client = connect(Number(new URL(server.url).port), '127.0.0.1');
    await once(client, 'connect');

    await Promise.all([server.stop(), once(client.resume(), 'close')]);
  });
});

import { createProvider } from '@acme/db-isolation/provider';
import { expect } from 'chai';
import express, { type Express } from 'express';
import type { Knex } from 'knex';
import request from 'supertest';
import { onEachEngine } from './each-engine.ts';

const COUNT = 50;
const numbers = Array.from({ length: COUNT }, (_, index) => index);
const FROM_TEMPLATE = 'from the template';

/** An app as teams write it: routes that read and write, the database asked for on each request. */
function createApp(db: () => Knex): Express {
  return express()
    .use(express.json())
    .get('/notes', async (_request, response) => {
      response.json(await db()('note').orderBy('id').pluck('text'));
    })
    .post('/notes', async (request, response) => {
      await db().transaction(async (trx) => {
        await trx('note').insert({ text: request.body.text });
      });
      response.sendStatus(201);
    });
}

async function writeTwice(app: Express, number: number): Promise<void> {
  for (const word of ['first', 'second']) {
    await request(app)
      .post('/notes')
      .send({ text: `${word} of ${number}` })
      .expect(201);
  }
}

onEachEngine('many databases at the same time in one process', (place) => {
  it('stay apart when apps get theirs from the lease', async () => {
    const isolation = place.isolation();
    // All are held at the same moment, and a server has room for so many connections only.
    const count = place.engine === 'sqlite' ? COUNT : 12;
    const leases = await Promise.all(
      numbers.slice(0, count).map((number) => isolation.acquire({ title: `test ${number}` })),
    );
    const apps = leases.map((lease) => createApp(() => lease.db));
    await Promise.all(apps.map((app, number) => writeTwice(app, number)));

    for (const [number, app] of apps.entries()) {
      const { body } = await request(app).get('/notes').expect(200);
      expect(body).to.deep.equal([FROM_TEMPLATE, `first of ${number}`, `second of ${number}`]);
    }
    expect(new Set(leases.map(({ url }) => url)).size).to.equal(count);
    await Promise.all(leases.map((lease) => lease.release()));
  });

  it('stay apart when one shared app asks a provider', async () => {
    const database = createProvider<Knex>(() => expect.fail('no test may reach the real database'));
    const app = createApp(() => database.get());
    const isolation = place.isolation({ providers: [database] });
    const test = (number: number) =>
      isolation.run(`test ${number}`, async (lease) => {
        await writeTwice(app, number);
        const { body } = await request(app).get('/notes').expect(200);
        expect(await lease.db('note').orderBy('id').pluck('text')).to.deep.equal(body);
        return body;
      });
    const results = await Promise.all(numbers.map(test));
    expect(results).to.deep.equal(
      numbers.map((number) => [FROM_TEMPLATE, `first of ${number}`, `second of ${number}`]),
    );
  });
});

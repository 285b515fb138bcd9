import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import type { Response } from 'supertest';
import { api, handOver, stored } from './support/api.ts';
import { documentsOfEachTest, multipart } from './support/documents.ts';
import { pdf } from './support/pdf.ts';
import { resource } from './support/resources.ts';

const BYTES = pdf({ padding: 1_000 });
const SIZE = BYTES.length;

describe('documents under /api/v1', () => {
  const documents = documentsOfEachTest();
  const send = async (bytes: Buffer | string, fileName = 'invoice.pdf'): Promise<Response> =>
    api(documents.options())
      .post('/api/v1/documents')
      .set('Content-Type', 'multipart/form-data; boundary=b0undary')
      .send(multipart([{ name: 'file', fileName, bytes }]));
  const get = async (id: string, headers: Record<string, string> = {}): Promise<Response> =>
    api(documents.options()).get(resource(id, '/document')).set(headers).buffer(true).parse(readBytes);
  const sent = async () => (await send(BYTES)).body;

  it('come in as an invoice that waits for extraction', async () => {
    const response = await send(BYTES, 'été.pdf');
    expect(response.status, response.text).to.equal(201);
    const { invoice_id, ...rest } = response.body;
    expect(response.headers).to.include({ location: resource(invoice_id), etag: '"0"' });
    expect(rest).to.include({ file_name: 'été.pdf', file_size: SIZE, page_count: 1 });
    const { file_path, content_sha256, processing_state } = await stored(invoice_id);
    expect({ file_path, content_sha256, processing_state }).to.deep.equal({
      ...{ file_path: rest.file_path, content_sha256: rest.content_sha256, processing_state: 'PENDING' },
    });
  });

  it('are refused as problems', async () => {
    const { invoice_id } = await sent();
    const [again, empty, text] = [await send(BYTES), await send(''), await send('no pdf')];
    expect([again.status, again.body.invoice_id]).to.deep.equal([409, invoice_id]);
    expect([empty.status, empty.body.detail]).to.deep.equal([400, 'File is empty']);
    expect([text.status, text.body.detail]).to.deep.equal([400, 'Invalid PDF format: no PDF header']);
    const json = await api(documents.options()).post('/api/v1/documents').send({});
    expect([json.status, json.body.errors[0].pointer]).to.deep.equal([422, '/file']);
    expect(documents.files()).to.have.length(1);
  });

  it('are sent whole, with the hash of their bytes as their tag', async () => {
    const { invoice_id, content_sha256 } = await sent();
    const response = await get(invoice_id);
    expect([response.status, response.body.equals(BYTES)]).to.deep.equal([200, true]);
    expect(response.headers).to.include({
      ...{ 'content-type': 'application/pdf', 'content-length': String(SIZE), 'accept-ranges': 'bytes' },
      ...{ etag: `"${content_sha256}"`, 'x-content-type-options': 'nosniff' },
      'content-disposition': `inline; filename="invoice.pdf"; filename*=UTF-8''invoice.pdf`,
    });
    expect(response.headers).not.to.have.property('content-range');
  });

  it('are not sent again to who has them', async () => {
    const { invoice_id, content_sha256 } = await sent();
    for (const tag of [`"${content_sha256}"`, `W/"${content_sha256}"`, '*']) {
      const response = await get(invoice_id, { 'If-None-Match': tag, Range: 'bytes=0-1' });
      expect([response.status, response.body.length, response.headers['etag']]).to.deep.equal([
        304,
        0,
        `"${content_sha256}"`,
      ]);
    }
    expect((await get(invoice_id, { 'If-None-Match': '"other"' })).status).to.equal(200);
  });

  const parts: readonly [string, number, number][] = [
    ['bytes=0-0', 0, 0],
    ['bytes=5-9', 5, 9],
    ['BYTES=5-9', 5, 9],
    ['bytes=5-', 5, SIZE - 1],
    ['bytes=-1', SIZE - 1, SIZE - 1],
    [`bytes=-${SIZE}`, 0, SIZE - 1],
    [`bytes=-${'9'.repeat(400)}`, 0, SIZE - 1],
    [`bytes=0-${'9'.repeat(400)}`, 0, SIZE - 1],
    [`bytes=${SIZE - 1}-${SIZE}`, SIZE - 1, SIZE - 1],
  ];
  for (const [range, first, last] of parts) {
    it(`are sent in part for ${range.slice(0, 30)}`, async () => {
      const response = await get((await sent()).invoice_id, { Range: range });
      expect(response.status).to.equal(206);
      expect(response.body.equals(BYTES.subarray(first, last + 1))).to.equal(true);
      expect(response.headers).to.include({
        'content-range': `bytes ${first}-${last}/${SIZE}`,
        'content-length': String(last - first + 1),
      });
    });
  }

  for (const range of [
    'bytes=0-1,5-6',
    'bytes=9-5',
    'bytes=-',
    'bytes=a-b',
    'lines=0-1',
    'bytes 0-1',
    'bytes=1.5-2',
    '',
  ]) {
    it(`are sent whole for Range: ${JSON.stringify(range)}`, async () => {
      const response = await get((await sent()).invoice_id, { Range: range });
      expect([response.status, response.body.length]).to.deep.equal([200, SIZE]);
    });
  }

  for (const range of [`bytes=${SIZE}-`, `bytes=${SIZE}-${SIZE + 5}`, 'bytes=-0', `bytes=${'9'.repeat(400)}-`]) {
    it(`are refused in part for ${range.slice(0, 30)}`, async () => {
      const { status, headers } = await get((await sent()).invoice_id, { Range: range });
      expect([status, headers['content-range']]).to.deep.equal([416, `bytes */${SIZE}`]);
      expect(headers['content-type']).to.match(/^application\/problem\+json/);
    });
  }

  it('come together from any parts', async () => {
    const { invoice_id } = await sent();
    const cuts = fc.uniqueArray(fc.integer({ min: 1, max: SIZE - 1 }), { maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(cuts, async (between) => {
        const places = [0, ...between.sort((a, b) => a - b), SIZE];
        const pieces: Buffer[] = [];
        for (const [index, first] of places.slice(0, -1).entries()) {
          pieces.push((await get(invoice_id, { Range: `bytes=${first}-${Number(places[index + 1]) - 1}` })).body);
        }
        expect(Buffer.concat(pieces).equals(BYTES)).to.equal(true);
      }),
      { numRuns: 10 },
    );
  });

  it('are sent in part only if they are what If-Range says', async () => {
    const { invoice_id, content_sha256 } = await sent();
    const statusFor = async (ifRange: string) =>
      (await get(invoice_id, { Range: 'bytes=0-1', 'If-Range': ifRange })).status;
    expect(await statusFor(`"${content_sha256}"`)).to.equal(206);
    for (const other of ['"other"', `W/"${content_sha256}"`, 'Sat, 01 Jan 2033 00:00:00 GMT', '']) {
      expect(await statusFor(other), other).to.equal(200);
    }
  });

  it('say to HEAD what they are, whatever part it asks for', async () => {
    const { invoice_id } = await sent();
    const head = await api(documents.options()).head(resource(invoice_id, '/document')).set('Range', 'bytes=0-1');
    expect([head.status, head.headers['content-length'], head.headers['accept-ranges']]).to.deep.equal([
      200,
      String(SIZE),
      'bytes',
    ]);
  });

  it('are 404 where there is none', async () => {
    const { invoice_id, file_path } = await sent();
    rmSync(join(documents.path(), file_path));
    const bare = await handOver({});
    for (const id of [invoice_id, bare.id, 'nobody', '%00', '..%2f..']) {
      const { status, headers } = await get(id, { Range: 'bytes=0-1' });
      expect([status, headers['content-type']]).to.deep.equal([404, 'application/problem+json; charset=utf-8']);
    }
  });
});

function readBytes(response: unknown, done: (error: Error | null, body: Buffer) => void): void {
  const chunks: Buffer[] = [];
  const stream = response as NodeJS.ReadableStream & { text: string };
  stream.on('data', (chunk) => chunks.push(chunk));
  stream.on('end', () => {
    stream.text = Buffer.concat(chunks).toString();
    done(null, Buffer.concat(chunks));
  });
}

import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { api, stored, view, writesNothing } from './support/api.ts';
import { documentsOfEachTest, invoiceCount, multipart } from './support/documents.ts';
import { isolation } from './support/isolation.ts';
import { lockedPdf, pdf, restrictedPdf } from './support/pdf.ts';
import { refuseInvoices } from './support/refusals.ts';

const UUID_V4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

describe('uploading a document', () => {
  const documents = documentsOfEachTest();

  it('stores the bytes unchanged and answers what it stored', async () => {
    const bytes = pdf({ pages: 3 });
    const response = await documents.upload(bytes, 'March.PDF');

    expect(response.status, response.text).to.equal(201);
    const { invoice_id, file_path, upload_date, ...rest } = response.body;
    expect(rest).to.deep.equal({
      message: 'Invoice uploaded successfully',
      status: 'uploaded',
      file_name: 'March.PDF',
      file_size: bytes.length,
      page_count: 3,
      content_sha256: createHash('sha256').update(bytes).digest('hex'),
    });
    expect(invoice_id).to.match(UUID_V4);
    expect(upload_date).to.match(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    const [day, time] = upload_date.replace(/[-:]/g, '').split(/[T.]/);
    expect(file_path).to.match(new RegExp(`^raw/${day}_${time}_[0-9a-f]{8}\\.pdf$`));
    expect(documents.files()).to.deep.equal([file_path]);
    expect((await documents.download(invoice_id)).body.equals(bytes)).to.equal(true);
  });

  it('makes an invoice that waits for extraction', async () => {
    const { body } = await documents.upload(pdf());
    expect(await stored(body.invoice_id)).to.deep.include({
      ...{ id: body.invoice_id, file_name: 'invoice.pdf', file_path: body.file_path, upload_date: body.upload_date },
      ...{ content_sha256: body.content_sha256, status: 'processing', processing_state: 'PENDING', review_version: 0 },
      ...{ currency: 'CAD', invoice_subtype: 'STANDARD_INVOICE', extraction_timestamp: null, line_items: [] },
      ...{ tax_breakdown: {}, field_confidence: {}, created_at: body.upload_date, updated_at: body.upload_date },
    });
    expect((await view(body.invoice_id)).file_path).to.equal(body.file_path);
  });

  it('keeps files and directories private', async () => {
    const { body } = await documents.upload(pdf());
    const mode = (name: string) => statSync(join(documents.path(), name)).mode & 0o777;
    expect([mode(body.file_path), mode('raw'), mode('incoming')]).to.deep.equal([0o600, 0o700, 0o700]);
  });

  it('takes a file of exactly the largest size', async () => {
    const small = pdf();
    const response = await documents.upload(small, 'a.pdf', small.length / 1_048_576);
    expect(response.status, response.text).to.equal(201);
  });

  it('passes over large parts that nobody can name', async () => {
    const nameless = ['X-Header: y', 'Content-Disposition: attachment; name="file"', ''].map(
      (head) => `--b0undary\r\n${head}\r\n\r\n${'A'.repeat(300_000)}\r\n`,
    );
    const file = multipart([{ name: 'file', fileName: 'a.pdf', bytes: pdf() }]);
    const response = await documents.sendBody('upload', Buffer.concat([Buffer.from(nameless.join('')), file]));
    expect(response.status, response.text).to.equal(201);
  });

  describe('refuses, leaving no row and no file,', () => {
    const failed = (text: string | RegExp) => ({ message: 'File validation failed', errors: [text] });
    const extension = failed('File must be a PDF (.pdf extension required)');
    const damaged = failed('Invalid PDF format: damaged or incomplete file');
    const refusals: readonly [string, Buffer, string, unknown][] = [
      ['a file without bytes', Buffer.alloc(0), 'a.pdf', 'File is empty'],
      ['a file without bytes before it looks at the name', Buffer.alloc(0), 'a.txt', 'File is empty'],
      ['another extension', pdf(), 'a.docx', extension],
      ['no name', pdf(), '', extension],
      ['a name that only holds .pdf', pdf(), 'a.pdf.exe', extension],
      ['a locked PDF', lockedPdf, 'a.pdf', failed('PDF is encrypted and cannot be processed')],
      ['a restricted PDF', restrictedPdf, 'a.pdf', failed('PDF is encrypted and cannot be processed')],
      ['a PDF without pages', pdf({ pages: 0 }), 'a.pdf', failed('PDF has no pages')],
      ['a renamed text', Buffer.from('Dear Sir,'), 'a.pdf', failed('Invalid PDF format: no PDF header')],
      ['half a PDF', pdf({ pages: 5 }).subarray(0, 400), 'a.pdf', damaged],
      ['a PDF without its end', pdf().subarray(0, -60), 'a.pdf', damaged],
    ];
    for (const [what, bytes, name, detail] of refusals) {
      it(what, async () => {
        const response = await writesNothing(() => documents.upload(bytes, name));
        expect(response.status).to.equal(400);
        expect(response.body).to.deep.equal({ detail });
        expect(documents.files()).to.deep.equal([]);
      });
    }

    it('a file over the limit, which it reads to the end', async () => {
      const bytes = pdf({ padding: 3 * 1_048_576 });
      const response = await writesNothing(() => documents.upload(bytes, 'a.pdf', 2));
      expect(response.status).to.equal(400);
      expect(response.body.detail).to.deep.equal(failed('File size (2.00 MB) exceeds maximum allowed size (2 MB)'));
      expect(documents.files()).to.deep.equal([]);
    });

    it('the name before the size', async () => {
      const response = await documents.upload(pdf({ padding: 2 * 1_048_576 }), 'a.txt', 1);
      expect(response.body.detail).to.deep.equal(extension);
    });

    it('what the database does not take', async () => {
      await refuseInvoices(isolation.current().db);
      const response = await documents.upload(pdf());
      expect(response.status).to.equal(500);
      expect(response.text).to.not.contain('fire');
      expect(documents.files()).to.deep.equal([]);
    });
  });

  describe('answers 422 with the place of the file to', () => {
    const missing = async (response: { status: number; body: { detail: unknown[] } }) => {
      expect(response.status).to.equal(422);
      expect(response.body.detail).to.have.length(1);
      expect(response.body.detail[0]).to.include({ type: 'missing', input: null });
      expect(response.body.detail[0]).to.deep.include({ loc: ['body', 'file'] });
      expect(response.body.detail[0])
        .to.have.property('msg')
        .that.matches(/^file: /);
      expect(documents.files()).to.deep.equal([]);
      expect(await invoiceCount()).to.equal(0);
    };
    const bodies: readonly [string, Buffer | string][] = [
      ['nothing at all', ''],
      ['something that is not multipart', 'hello'],
      ['no part', '--b0undary--\r\n'],
      [
        'a file that is cut off',
        `--b0undary\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n%PDF`,
      ],
      ['a header that is cut off', '--b0undary\r\nContent-Disposition: form-da'],
    ];
    for (const [what, body] of bodies) {
      it(what, async () => missing(await documents.sendBody('upload', body)));
    }

    it('a file under another name', async () =>
      missing(await documents.send('upload', [{ name: 'document', fileName: 'a.pdf', bytes: pdf() }])));

    it('a form field', async () => missing(await documents.send('upload', [{ name: 'file', bytes: 'a.pdf' }])));

    for (const type of [
      'application/json',
      'application/x-www-form-urlencoded',
      'multipart/mixed; boundary=x',
      'multipart/form-data',
    ]) {
      it(`the content type ${type}`, async () =>
        missing(await api(documents.options()).post('/api/ingestion/upload').set('Content-Type', type).send('file=a')));
    }
  });

  it('passes over other parts, before and after the file', async () => {
    const response = await documents.send('upload', [
      { name: 'note', bytes: 'x'.repeat(100_000) },
      { name: 'other', fileName: 'other.pdf', bytes: pdf({ text: 'other' }) },
      { name: 'file', fileName: 'a.pdf', bytes: pdf() },
      { name: 'more', fileName: 'b.pdf', bytes: pdf({ text: 'more' }) },
    ]);
    expect(response.status, response.text).to.equal(201);
    expect(documents.files()).to.have.length(1);
  });

  it('allows only POST', async () => {
    const response = await api(documents.options()).get('/api/ingestion/upload');
    expect([response.status, response.headers['allow']]).to.deep.equal([405, 'POST']);
  });
});

describe('uploading the same bytes again', () => {
  const documents = documentsOfEachTest();

  it('is refused with the id of the first, whatever the name', async () => {
    const first = await documents.upload(pdf(), 'one.pdf');
    const second = await writesNothing(() => documents.upload(pdf(), 'two.pdf'));
    expect(second.status).to.equal(409);
    expect(second.body).to.deep.equal({
      detail: {
        error_code: 'DUPLICATE_DOCUMENT',
        message: 'This document was already uploaded.',
        invoice_id: first.body.invoice_id,
      },
    });
    expect(documents.files()).to.deep.equal([first.body.file_path]);
  });

  it('at the same moment is accepted once', async () => {
    const responses = await Promise.all(Array.from({ length: 12 }, () => documents.upload(pdf())));
    const winners = responses.filter((response) => response.status === 201);
    expect(winners).to.have.length(1);
    for (const loser of responses.filter((response) => !winners.includes(response))) {
      expect(loser.status, loser.text).to.equal(409);
      expect(loser.body.detail.invoice_id).to.equal(winners[0]?.body.invoice_id);
    }
    expect(documents.files()).to.deep.equal([winners[0]?.body.file_path]);
    expect(await invoiceCount()).to.equal(1);
  });

  it('is no duplicate of other bytes', async () => {
    const responses = await Promise.all(['a', 'b', 'c'].map((text) => documents.upload(pdf({ text }))));
    expect(responses.map((response) => response.status)).to.deep.equal([201, 201, 201]);
    expect(new Set(responses.map((response) => response.body.file_path))).to.have.property('size', 3);
  });
});

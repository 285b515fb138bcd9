import { expect } from 'chai';
import { writesNothing } from './support/api.ts';
import { documentsOfEachTest, invoiceCount } from './support/documents.ts';
import { isolation } from './support/isolation.ts';
import { lockedPdf, pdf } from './support/pdf.ts';
import { refuseInvoices } from './support/refusals.ts';

describe('uploading a batch', () => {
  const documents = documentsOfEachTest();
  const file = (fileName: string, bytes: Buffer) => ({ name: 'files', fileName, bytes });

  it('answers for each file in the order sent, and one bad file spoils no other', async () => {
    const known = (await documents.upload(pdf({ text: 'known' }), 'known.pdf')).body.invoice_id;
    const response = await documents.send(
      'batch-upload',
      [
        file('dir/first.pdf', pdf({ text: 'first' })),
        file('empty.pdf', Buffer.alloc(0)),
        file('notes.txt', Buffer.from('notes')),
        file('again.pdf', pdf({ text: 'known' })),
        file('big.pdf', pdf({ padding: 1_048_576 })),
        file('locked.pdf', lockedPdf),
        file('last.pdf', pdf({ text: 'last' })),
        file('twin.pdf', pdf({ text: 'last' })),
      ],
      1,
    );

    expect(response.status, response.text).to.equal(200);
    const { message, successful, failed, results, errors } = response.body;
    expect({ message, successful, failed }).to.deep.equal({ message: 'Processed 8 files', successful: 2, failed: 6 });
    const [first, , , , , , last] = results;
    const refused = (file_name: string, text: string) => ({
      file_name,
      invoice_id: null,
      status: 'validation_failed',
      errors: [text],
    });
    const duplicate = (file_name: string, invoice_id: string) => ({
      file_name,
      invoice_id,
      status: 'duplicate',
      errors: ['This document was already uploaded.'],
    });
    expect(results).to.deep.equal([
      { file_name: 'first.pdf', invoice_id: first.invoice_id, status: 'uploaded', errors: [] },
      refused('empty.pdf', 'File is empty'),
      refused('notes.txt', 'File must be a PDF (.pdf extension required)'),
      duplicate('again.pdf', known),
      refused('big.pdf', 'File size (1.00 MB) exceeds maximum allowed size (1 MB)'),
      refused('locked.pdf', 'PDF is encrypted and cannot be processed'),
      { file_name: 'last.pdf', invoice_id: last.invoice_id, status: 'uploaded', errors: [] },
      duplicate('twin.pdf', last.invoice_id),
    ]);
    expect(errors).to.deep.equal(
      results
        .filter((result: { status: string }) => result.status !== 'uploaded')
        .map((result: { file_name: string; errors: string[] }) => ({
          file_name: result.file_name,
          error: result.errors[0],
        })),
    );
    expect(documents.files()).to.have.length(3);
    expect(await invoiceCount()).to.equal(3);
  });

  it('says nothing of a failure inside but that there was one', async () => {
    await refuseInvoices(isolation.current().db, { when: ['file_name', 'b.pdf'] });
    const batch = ['a.pdf', 'b.pdf', 'c.pdf'].map((name) => file(name, pdf({ text: name })));
    const { body } = await documents.send('batch-upload', batch);
    expect(body.results[1]).to.deep.equal({
      ...{ file_name: 'b.pdf', invoice_id: null, status: 'error', errors: ['Internal server error'] },
    });
    expect([body.successful, body.failed]).to.deep.equal([2, 1]);
    expect(documents.files()).to.have.length(2);
  });

  it('takes many small files', async function () {
    // Each is read by a thread of its own.
    this.timeout(120_000);
    const batch = Array.from({ length: 12 }, (_, index) => file(`${index}.pdf`, pdf({ text: `${index}` })));
    const { body } = await documents.send('batch-upload', batch);
    expect(body.successful).to.equal(12);
    expect(body.results.map((result: { file_name: string }) => result.file_name)).to.deep.equal(
      batch.map(({ fileName }) => fileName),
    );
  });

  it('keeps what was complete of a body that is cut off', async () => {
    const head = (name: string) =>
      `--b0undary\r\nContent-Disposition: form-data; name="files"; filename="${name}"\r\n\r\n`;
    const body = Buffer.concat([Buffer.from(head('a.pdf')), pdf(), Buffer.from(`\r\n${head('b.pdf')}%PDF-1.4`)]);
    const response = await documents.sendBody('batch-upload', body);
    expect(response.body.results.map((result: { status: string }) => result.status)).to.deep.equal([
      'uploaded',
      'validation_failed',
    ]);
    expect(documents.files()).to.have.length(1);
  });

  it('is refused without a file of that name', async () => {
    const response = await writesNothing(() =>
      documents.send('batch-upload', [{ name: 'file', fileName: 'a.pdf', bytes: pdf() }]),
    );
    expect(response.status).to.equal(422);
    expect(response.body.detail[0]).to.deep.include({ type: 'missing', loc: ['body', 'files'] });
    expect(documents.files()).to.deep.equal([]);
  });
});

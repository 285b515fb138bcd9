import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { api, handOver } from './support/api.ts';
import { documentsOfEachTest } from './support/documents.ts';
import { isolation } from './support/isolation.ts';
import { pdf } from './support/pdf.ts';

describe('downloading a document', () => {
  const documents = documentsOfEachTest();

  it('sends the original bytes, to be shown in the browser', async () => {
    const bytes = pdf({ pages: 2, padding: 200_000 });
    const { body } = await documents.upload(bytes);
    const response = await documents.download(body.invoice_id);
    expect(response.status).to.equal(200);
    expect(response.body.equals(bytes)).to.equal(true);
    expect(response.headers).to.include({
      'content-type': 'application/pdf',
      'content-length': String(bytes.length),
      'x-content-type-options': 'nosniff',
      'content-disposition': `inline; filename="invoice.pdf"; filename*=UTF-8''invoice.pdf`,
    });
  });

  it('sends the headers alone to HEAD', async () => {
    const { body } = await documents.upload(pdf());
    const response = await api(documents.options()).head(`/api/hitl/invoice/${body.invoice_id}/pdf`);
    expect([response.status, response.headers['content-length']]).to.deep.equal([200, String(pdf().length)]);
  });

  const names: readonly [string, string, string][] = [
    ['an accent', 'été.pdf', `filename="_t_.pdf"; filename*=UTF-8''%C3%A9t%C3%A9.pdf`],
    ['quotation marks', `a\\"b'c.pdf`, `filename="a_b_c.pdf"; filename*=UTF-8''a%22b%27c.pdf`],
    ['brackets and a star', 'a(1)*.pdf', `filename="a_1__.pdf"; filename*=UTF-8''a%281%29%2A.pdf`],
    ['a semicolon and a percent sign', 'a;b%.pdf', `filename="a_b_.pdf"; filename*=UTF-8''a%3Bb%25.pdf`],
    ['a character of two code units', '😀 x.pdf', `filename="__ x.pdf"; filename*=UTF-8''%F0%9F%98%80%20x.pdf`],
  ];
  for (const [what, name, expected] of names) {
    it(`sends a name with ${what} safely`, async () => {
      const { body } = await documents.upload(pdf(), name);
      const response = await documents.download(body.invoice_id);
      expect(response.headers['content-disposition']).to.equal(`inline; ${expected}`);
    });
  }

  describe('answers 404', () => {
    const notFound = async (id: string, detail: string) => {
      const response = await api(documents.options()).get(`/api/hitl/invoice/${encodeURIComponent(id)}/pdf`);
      expect([response.status, response.body]).to.deep.equal([404, { detail }]);
    };
    const lost = (id: string) => notFound(id, `Document for invoice ${id} not found`);
    const withKey = async (file_path: string) => {
      const { id } = await handOver({});
      await isolation.current().db('invoices').where({ id }).update({ file_path });
      return id;
    };

    for (const id of ['nobody', '../../etc/passwd', '__proto__', 'a\0b', 'x'.repeat(500)]) {
      it(`for the unknown invoice ${JSON.stringify(id).slice(0, 30)}`, () => notFound(id, `Invoice ${id} not found`));
    }

    it('for an invoice without a document', async () => lost((await handOver({})).id));

    it('when the file is lost', async () => {
      const { body } = await documents.upload(pdf());
      rmSync(join(documents.path(), body.file_path));
      await lost(body.invoice_id);
    });

    it('when the whole storage is lost', async () => {
      const { body } = await documents.upload(pdf());
      rmSync(join(documents.path(), 'raw'), { recursive: true });
      await lost(body.invoice_id);
    });

    for (const key of [
      '../secret.pdf',
      'raw/../../secret.pdf',
      'raw\\..\\secret.pdf',
      '/etc/passwd',
      'raw/',
      'raw/.',
      '',
    ]) {
      it(`for the key ${JSON.stringify(key)} in the database`, async () => lost(await withKey(key)));
    }

    it('for a key that leads out through a link', async () => {
      const secret = join(documents.path(), 'secret.pdf');
      const storage = join(documents.path(), 'raw');
      writeFileSync(secret, 'secret');
      mkdirSync(storage);
      symlinkSync(secret, join(storage, 'link.pdf'));
      await lost(await withKey('raw/link.pdf'));
    });

    it('for a key that climbs out of its folder', async () => {
      mkdirSync(join(documents.path(), 'raw'));
      writeFileSync(join(documents.path(), 'secret.pdf'), 'secret');
      await lost(await withKey('raw/../secret.pdf'));
      await lost(await withKey('secret.pdf'));
    });

    it('for a key that leads to a directory', async () => {
      mkdirSync(join(documents.path(), 'raw', 'folder.pdf'), { recursive: true });
      await lost(await withKey('raw/folder.pdf'));
    });
  });
});

import { expect } from 'chai';
import { documentsOfEachTest } from './support/documents.ts';
import { pdf } from './support/pdf.ts';

describe('the name of an uploaded file', () => {
  const documents = documentsOfEachTest();
  const names: readonly [string, string, string][] = [
    ['is read as UTF-8', 'Reçu n° 7 – 請求書 🧾.pdf', 'Reçu n° 7 – 請求書 🧾.pdf'],
    ['loses directories', '/home/ann/../secret/a.pdf', 'a.pdf'],
    ['loses directories of Windows', 'C:\\Users\\ann\\a.pdf', 'a.pdf'],
    ['loses directories of both kinds', 'a/b\\c.pdf', 'c.pdf'],
    ['loses control characters', 'a\u0001b\u007fc\u0085\t.pdf', 'abc.pdf'],
    ['is not percent-decoded', '..%2Fa%20b.pdf', '..%2Fa%20b.pdf'],
    ['keeps blanks and quotation marks', ' it\'s \\"a b\\".pdf', ' it\'s "a b".pdf'],
    ['may be nothing but the extension', '.pdf', '.pdf'],
    ['is cut to 255 characters and keeps its extension', `${'x'.repeat(300)}.Pdf`, `${'x'.repeat(251)}.Pdf`],
    ['is not cut at 255 characters', `${'y'.repeat(251)}.pdf`, `${'y'.repeat(251)}.pdf`],
    ['is not cut through a character', `${'z'.repeat(250)}😀😀.pdf`, `${'z'.repeat(250)}.pdf`],
  ];
  for (const [what, sent, kept] of names) {
    it(what, async () => {
      const response = await documents.upload(pdf(), sent);
      expect(response.status, response.text).to.equal(201);
      expect(response.body.file_name).to.equal(kept);
    });
  }

  it('may come in the extended form', async () => {
    const head = `--b0undary\r\nContent-Disposition: form-data; name="file"; filename*=UTF-8''d%C3%A9j%C3%A0.pdf\r\n\r\n`;
    const body = Buffer.concat([Buffer.from(head), pdf(), Buffer.from('\r\n--b0undary--\r\n')]);
    expect((await documents.sendBody('upload', body)).body.file_name).to.equal('déjà.pdf');
  });
});

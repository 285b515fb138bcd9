import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { type DirectoryResult, dir } from 'tmp-promise';
import { createPdfInspector, type PdfFinding } from '../src/documents/pdf-inspection.ts';
import { lockedPdf, pdf, restrictedPdf } from './support/pdf.ts';

describe('inspecting a PDF', () => {
  let directory: DirectoryResult;
  const inspector = createPdfInspector();

  beforeEach(async () => {
    directory = await dir({ unsafeCleanup: true });
  });

  afterEach(() => directory.cleanup());

  const file = (bytes: Buffer | string) => {
    const path = join(directory.path, 'document.pdf');
    writeFileSync(path, bytes);
    return path;
  };
  const edited = (from: string, to: string) => Buffer.from(pdf().toString('latin1').replace(from, to), 'latin1');
  const pages = (pageCount: number): PdfFinding => ({ kind: 'pages', pageCount });
  const invalid = (reason: string): PdfFinding => ({ kind: 'invalid', reason });
  const damaged = invalid('damaged or incomplete file');

  const cases: readonly [string, () => Buffer | string, PdfFinding][] = [
    ['counts pages', () => pdf({ pages: 3 }), pages(3)],
    ['counts many pages', () => pdf({ pages: 500 }), pages(500)],
    ['reads a large file', () => pdf({ padding: 50 * 1_048_576 }), pages(1)],
    ['finds no pages', () => pdf({ pages: 0 }), pages(0)],
    ['does not believe a wrong count', () => edited('/Count 1', '/Count 999999'), pages(1)],
    ['reads a file whose table of contents is in the wrong place', () => edited('%PDF', '\n\n%PDF'), pages(1)],
    ['finds encryption with a password', () => lockedPdf, { kind: 'encrypted' }],
    ['finds encryption without a password', () => restrictedPdf, { kind: 'encrypted' }],
    [
      'finds encryption it does not know',
      () => edited('/Size', '/Encrypt << /Filter /New /V 9 >> /Size'),
      { kind: 'encrypted' },
    ],
    ['refuses a text', () => 'Dear Sir or Madam', invalid('no PDF header')],
    [
      'refuses a header that comes too late',
      () => Buffer.concat([Buffer.alloc(2000), pdf()]),
      invalid('no PDF header'),
    ],
    ['refuses a header with nothing after it', () => '%PDF-1.7', damaged],
    ['refuses half a file', () => pdf({ pages: 9 }).subarray(0, 500), damaged],
    ['refuses pages that contain themselves', () => edited('/Kids [3 0 R]', '/Kids [2 0 R]'), damaged],
  ];
  for (const [what, bytes, finding] of cases) {
    it(what, async () => {
      expect(await inspector.inspect(file(bytes()))).to.deep.equal(finding);
    });
  }

  it('gives up on a file that takes too long, and goes on with the next', async () => {
    const impatient = createPdfInspector({ timeLimitMs: 1 });
    const path = file(pdf({ pages: 4_000 }));
    expect(await impatient.inspect(path)).to.deep.equal(invalid('too complex to read'));
    expect(await inspector.inspect(path)).to.deep.equal(pages(4_000));
  });

  it('fails when there is no file', async () => {
    const failure = await inspector.inspect(join(directory.path, 'none.pdf')).catch((error) => error);
    expect(failure).to.have.property('code', 'ENOENT');
    expect(await inspector.inspect(file(pdf()))).to.deep.equal(pages(1));
  });
});

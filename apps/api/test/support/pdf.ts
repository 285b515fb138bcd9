import { readFileSync } from 'node:fs';

/** Writes a small PDF; a different text makes different bytes. */
export function pdf({ pages = 1, text = '', padding = 0 } = {}): Buffer {
  const kids = Array.from({ length: pages }, (_, index) => `${index + 3} 0 R`);
  const objects = [
    '<< /Type /Catalog /Pages 2 0 R >>',
    `<< /Type /Pages /Kids [${kids.join(' ')}] /Count ${pages} >>`,
    ...kids.map(() => '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] >>'),
    `<< /Length ${padding} >>\nstream\n${'A'.repeat(padding)}\nendstream`,
  ];
  let body = `%PDF-1.4\n% ${text}\n`;
  let table = `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n`;
  for (const [index, object] of objects.entries()) {
    table += `${String(body.length).padStart(10, '0')} 00000 n \n`;
    body += `${index + 1} 0 obj\n${object}\nendobj\n`;
  }
  const trailer = `trailer\n<< /Size ${objects.length + 1} /Root 1 0 R >>\nstartxref\n${body.length}\n%%EOF\n`;
  return Buffer.from(body + table + trailer, 'latin1');
}

/** A PDF that opens only with a password. */
export const lockedPdf: Buffer = fixture('encrypted-with-user-password.pdf');

/** A PDF that opens without a password and is encrypted all the same. */
export const restrictedPdf: Buffer = fixture('encrypted-with-owner-password.pdf');

function fixture(name: string): Buffer {
  return readFileSync(new URL(`../fixtures/${name}`, import.meta.url));
}

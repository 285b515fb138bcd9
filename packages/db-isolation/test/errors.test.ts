import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { errorCodes, IsolationError, leakKinds } from '@acme/db-isolation';
import { expect } from 'chai';

const SOURCE = fileURLToPath(new URL('../src', import.meta.url));
const README = fileURLToPath(new URL('../README.md', import.meta.url));

const codesIn = (text: string) => [...new Set(text.match(/\bDBI_[A-Z_]+\b/g) ?? [])].sort();
const known = Object.keys(errorCodes).sort();

describe('errors', () => {
  it('carry their code, also in the message, and their cause', () => {
    const cause = new Error('below');
    const error = new IsolationError('DBI_NO_LEASE', 'No test is running.', { cause });
    expect(error).to.include({ name: 'IsolationError', code: 'DBI_NO_LEASE', cause });
    expect(error.message).to.equal('No test is running. [DBI_NO_LEASE]');
    expect(error).to.be.instanceOf(Error);
  });

  it('have no code that is not listed, and the list has none that nothing throws', () => {
    const files = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
    const thrown = files.flatMap((name) => {
      const text = readFileSync(join(SOURCE, name), 'utf8');
      return [...text.matchAll(/new IsolationError\(\s*'(DBI_\w+)'/g)].map(([, code]) => code);
    });
    expect([...new Set(thrown)].sort()).to.deep.equal(known);
    for (const name of files) {
      expect(known, name).to.include.members(codesIn(readFileSync(join(SOURCE, name), 'utf8')));
    }
  });

  it('are all made somewhere: no function of errors.ts is left over', () => {
    const text = readFileSync(join(SOURCE, 'errors.ts'), 'utf8');
    const makers = [...text.matchAll(/^export function (\w+)\([^)]*\): IsolationError/gm)].map(([, name = '']) => name);
    expect(makers.length).to.be.greaterThan(10);
    const others = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts') && name !== 'errors.ts')
      .map((name) => readFileSync(join(SOURCE, name), 'utf8'))
      .join('\n');
    for (const name of makers) expect(others, name).to.match(new RegExp(`\\b${name}\\(`));
  });

  it('are all explained in the README, and the README explains no others', () => {
    expect(existsSync(README)).to.equal(true);
    expect(codesIn(readFileSync(README, 'utf8'))).to.deep.equal(known);
  });
});

describe('kinds of leaks', () => {
  it('are all explained in the README, in the same words', () => {
    const rows = [...readFileSync(README, 'utf8').matchAll(/^\| `([a-z-]+)` +\| (.*?) +\|$/gm)];
    const explained = Object.fromEntries(rows.map(([, kind, words]) => [kind, words]));
    for (const [kind, words] of Object.entries(leakKinds))
      expect(explained[kind], kind).to.match(new RegExp(`^${words}`));
  });
});

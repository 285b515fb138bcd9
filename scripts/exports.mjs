// Writes the `exports` of the library's package.json anew: what each subpath needs follows from its `@acme/source`.
// After adding a subpath with that condition alone: node scripts/exports.mjs; --check only looks.
import { readFileSync, writeFileSync } from 'node:fs';

const MANIFEST = new URL('../packages/db-isolation/package.json', import.meta.url);

const before = readFileSync(MANIFEST, 'utf8');
const manifest = JSON.parse(before);
for (const [subpath, { '@acme/source': source }] of Object.entries(manifest.exports)) {
  if (source) manifest.exports[subpath] = conditionsOf(source);
}
const after = `${JSON.stringify(manifest, null, 2)}\n`;

if (!process.argv.includes('--check')) writeFileSync(MANIFEST, after);
else if (before !== after)
  throw new Error('The exports of packages/db-isolation are not as scripts/exports.mjs writes them');

/** What a subpath exports, by its source, such as `./src/index.ts`. The first condition that fits is taken. */
function conditionsOf(source) {
  const modules = filesIn('./dist', source);
  return {
    '@acme/source': source,
    'module-sync': modules,
    require: filesIn('./dist/cjs', source),
    ...modules,
  };
}

function filesIn(directory, source) {
  const path = source.replace(/^\.\/src\/(.*)\.ts$/, `${directory}/$1`);
  return { types: `${path}.d.ts`, default: `${path}.js` };
}

// Makes the CommonJS copy of the compiled library, for Jest, which cannot load ES modules without a flag of Node:
//   node scripts/commonjs.mjs <dist>
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, sep } from 'node:path';

const { buildSync } = createRequire(new URL('../packages/db-isolation/package.json', import.meta.url))('esbuild');

const dist = process.argv[2] ?? 'dist';
const cjs = join(dist, 'cjs');
const files = readdirSync(dist, { recursive: true }).filter((file) => !file.startsWith(`cjs${sep}`));

const scripts = files.filter((file) => file.endsWith('.js')).map((file) => join(dist, file));
const isLocated = (file) => readFileSync(file, 'utf8').includes('import.meta.url');
copy(scripts.filter((file) => !isLocated(file)));
copy(scripts.filter(isLocated), `const __url = require('node:url').pathToFileURL(__filename).href;`);

/** File by file, not bundled: a module that several subpaths share must exist once, since it may hold state. */
function copy(entryPoints, js = '') {
  buildSync({
    entryPoints,
    outdir: cjs,
    outbase: dist,
    format: 'cjs',
    platform: 'node',
    target: 'node20',
    define: { 'import.meta.url': '__url' },
    banner: { js },
    logLevel: 'warning',
  });
}

for (const file of files.filter((file) => file.endsWith('.d.ts'))) {
  const types = readFileSync(join(dist, file), 'utf8');
  writeFileSync(join(cjs, file), types.replace(/^\/\/# sourceMappingURL=.*$/m, ''));
}
writeFileSync(join(cjs, 'package.json'), '{ "type": "commonjs" }\n');

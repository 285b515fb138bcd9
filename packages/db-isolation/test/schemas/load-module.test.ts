import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { compileFunction } from 'node:vm';
import { expect } from 'chai';
import { transformSync } from 'esbuild';
import { loadModule } from '../../src/schemas/load-module.ts';
import { rejection } from '../support/rejections.ts';
import { useWorkspace } from '../support/workspace.ts';

type Loaded = { readonly up: () => unknown };

describe('loadModule', () => {
  const workspace = useWorkspace();

  /** The same function where nothing can be imported, as in code that Jest runs. */
  const withoutImport = (): typeof loadModule => {
    const source = readFileSync(new URL('../../src/schemas/load-module.ts', import.meta.url), 'utf8');
    const { code } = transformSync(source, { loader: 'ts', format: 'cjs', platform: 'node', target: 'node20' });
    const module = { exports: {} as { loadModule: typeof loadModule } };
    compileFunction(code, ['require', 'module'])(createRequire(import.meta.url), module);
    return module.exports.loadModule;
  };

  it('requires modules where nothing can be imported', async () => {
    const directory = workspace.write('modules', {
      'package.json': '{ "type": "commonjs" }',
      'a.cjs': "exports.up = () => 'cjs';",
      'b.js': "module.exports = { up: () => 'an object' };",
      'c.cjs': "exports.__esModule = true; exports.default = { up: () => 'a default export' };",
      'd.ts': "export const up = (): string => 'ts';",
    });
    const files = ['a.cjs', 'b.js', 'c.cjs', 'd.ts'];
    for (const load of [withoutImport(), loadModule]) {
      const modules = await Promise.all(files.map((file) => load<Loaded>(`${directory}/${file}`, 'up')));
      expect(modules.map(({ up }) => up())).to.deep.equal(['cjs', 'an object', 'a default export', 'ts']);
    }
  });

  it('passes on what a module throws, and what it does not export', async () => {
    const directory = workspace.write('modules', {
      'throws.cjs': "throw Object.assign(new Error('mine'), { code: 'ERR_MINE' });",
      'nothing.cjs': 'exports.down = () => undefined;',
    });
    for (const load of [withoutImport(), loadModule]) {
      expect(await rejection(load(`${directory}/throws.cjs`))).to.include({ message: 'mine' });
      const { message } = await rejection(load<Loaded>(`${directory}/nothing.cjs`, 'up'));
      expect(message).to.equal('nothing.cjs does not export a function "up" (.cjs module)');
    }
  });
});

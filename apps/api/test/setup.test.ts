import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

const root = fileURLToPath(new URL('../../../', import.meta.url));

describe('the set-up step', () => {
  it('refuses a Node that is too old with one line', () => {
    const pretendOld =
      'data:text/javascript,Object.defineProperty(process,"versions",{value:{...process.versions,node:"20.18.3"}})';
    const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', pretendOld, 'scripts/setup.mjs'], {
      cwd: root,
      encoding: 'utf8',
    });
    expect({ status, stdout, stderr }).to.deep.equal({
      status: 1,
      stdout: '',
      stderr: 'Node 20.19 or later is needed; this is 20.18.3.\n',
    });
  });
});

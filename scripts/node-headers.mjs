import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Headers that lie beside Node spare node-gyp a download, which fails behind a closed network: settings for npm. */
export function nodeHeaders() {
  const prefix = dirname(dirname(process.execPath));
  const found = existsSync(join(prefix, 'include', 'node', 'node.h'));
  return found && !process.env.npm_config_nodedir ? { npm_config_nodedir: prefix } : {};
}

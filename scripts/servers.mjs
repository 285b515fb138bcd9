// npm run servers: says which servers `npm test` would use; ends with status 1 where it would.
import { withServers } from './servers/with-servers.mjs';

await withServers(() => undefined);

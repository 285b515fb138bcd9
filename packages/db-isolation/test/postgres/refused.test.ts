import { failure } from '../support/rejections.ts';
import { POSTGRES } from '../support/server-kinds.ts';
import { describeOnServers } from '../support/throwaway-server.ts';

describeOnServers(
  'a server that takes the right to make databases away',
  (server) => {
    it('is named by a test that is the first to notice in the middle of a run, which goes on when it is allowed', async () => {
      const isolation = server.isolation();
      await isolation.sweep(); // connects
      await server.kind.revoke(await server.admin(), server.user.name);
      await failure('DBI_NO_PERMISSION', () => isolation.acquire());
      await server.kind.grant(await server.admin(), server.user.name);
      await isolation.run('when it is allowed again', () => undefined);
    });
  },
  { kinds: [POSTGRES] },
);

import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect } from 'chai';
import { projectThatCountsBuilds } from '../support/projects.ts';
import { POSTGRES } from '../support/server-kinds.ts';
import { withSql } from '../support/sql.ts';
import { describeOnServers } from '../support/throwaway-server.ts';
import { useWorkspace } from '../support/workspace.ts';

describeOnServers(
  'a process that ends while the server makes a database for it',
  (server) => {
    const workspace = useWorkspace();

    /** What the server does for the user at this moment. */
    const activities = (condition: string) =>
      withSql(server.program.url(), (admin) =>
        admin.values(
          `select query_start::text from pg_stat_activity where usename = '${server.user.name.replaceAll("'", "''")}' and ${condition}`,
        ),
      );

    /** Starts a process, and holds the server up while it makes a database; answers how the server goes on. */
    async function cloning() {
      const project = projectThatCountsBuilds(workspace);
      const program = server.start('lease', { PROJECT: project.path, AGAIN: '1' });
      await program.said('loaded');
      program.tell('go');
      await program.said('url');
      const admin = await server.admin();
      const [template = ''] = await server.names('template');
      await admin.rows('begin');
      await admin.rows(`comment on database ${template} is 'whoever copies it waits'`);
      program.tell('once more');
      const creating = "query like 'create database%' and wait_event_type = 'Lock'";
      while ((await activities(creating)).length === 0) await nextTurn();
      return { program, goOn: () => admin.rows('rollback') };
    }
    const settled = async () => {
      while ((await activities("query like 'create database%' and state = 'active'")).length > 0) await nextTurn();
    };

    /** Waits until somebody who has connected since then has tried several times to get the locks of those who make databases. */
    const waitFor = async (remover: Promise<unknown>, since: unknown) => {
      const attempts = new Set<unknown>();
      let over = false;
      const done = () => {
        over = true; // too early: the database is still being made
      };
      remover.then(done, done);
      while (attempts.size < 10 && !over) {
        const seen = await activities(`query like '%advisory%' and backend_start > '${since}'`);
        for (const attempt of seen) attempts.add(attempt);
        await nextTurn();
      }
    };
    const now = () => withSql(server.program.url(), async (admin) => (await admin.values('select now()::text'))[0]);

    it('leaves nothing that the next sweep does not find, when it is killed', async () => {
      const { program, goOn } = await cloning();
      await program.kill('SIGKILL');
      const since = await now();
      const sweep = server.isolation().sweep();
      await waitFor(sweep, since);
      await goOn();
      expect((await sweep).runs).to.equal(1);
      await settled();
      expect(await server.names('test')).to.deep.equal([]);
    });

    it('leaves nothing when it exits', async () => {
      const { program, goOn } = await cloning();
      const since = await now();
      const ended = program.kill('SIGINT');
      await waitFor(ended, since);
      await goOn();
      await ended;
      await settled();
      expect(await server.names('test')).to.deep.equal([]);
    });
  },
  { kinds: [POSTGRES] },
);

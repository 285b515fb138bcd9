import { db, engine, expectTemplate } from '../support/index.ts';

const NAME = `${process.env['LEAK_PREFIX']}user_${process.pid}`;

describe('server-user', () => {
  it('plants a user of the whole server', async () => {
    await db().raw(engine === 'postgres' ? `create role ${NAME}` : `create user ${NAME}`);
  });

  it('starts from the template', () => expectTemplate());
});

// A process that makes load, so that what makes it and what prints it do not share a processor's time: it is sent tasks
// and answers with what it measured.
import { measureBare } from './measure-bare.ts';
import { measureHttp } from './measure-http.ts';
import type { Task } from './messages.ts';

process.on('message', async ({ number, task }: { number: number; task: Task }) => {
  const measured = await ('origin' in task ? measureHttp(task) : measureBare(task)).catch((error) =>
    String(error?.stack ?? error),
  );
  process.send?.({ number, measured });
});
process.on('disconnect', () => process.exit());

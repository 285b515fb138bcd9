import { openBare } from './bare-database.ts';
import type { BareTask, Measured } from './messages.ts';
import { quantile } from './statistics.ts';

/** Runs statements for a while, on each connection one after another. */
export async function measureBare(task: BareTask): Promise<Measured> {
  const connections = await Promise.all(Array.from({ length: task.connections }, () => openBare(task.databaseUrl)));
  const took: number[] = [];
  const started = performance.now();
  const end = started + task.seconds * 1000;
  await Promise.all(
    connections.map(async (connection) => {
      for (let before = performance.now(); before < end; ) {
        for (const { sql, bindings } of task.statements) {
          await connection.run(sql, bindings);
        }
        const after = performance.now();
        took.push(after - before);
        before = after;
      }
    }),
  );
  const seconds = (performance.now() - started) / 1000;
  await Promise.all(connections.map((connection) => connection.close()));
  return { rate: took.length / seconds, median: quantile(took, 0.5), p99: quantile(took, 0.99), failures: 0 };
}

import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Counter, Gauge, type Registry } from 'prom-client';

const NANOSECONDS = 1e9;
const QUANTILES = [0.5, 0.9, 0.99];

/** Measures the process and its event loop until the returned function is called. */
export function watchProcess(registry: Registry): () => void {
  const registers = [registry];
  const lag = monitorEventLoopDelay({ resolution: 10 });
  lag.enable();

  new Gauge({
    name: 'nodejs_eventloop_lag_seconds',
    help: 'How late timers were since the last collection',
    labelNames: ['quantile'],
    registers,
    collect() {
      for (const quantile of QUANTILES) {
        this.set({ quantile }, lag.percentile(quantile * 100) / NANOSECONDS);
      }
      this.set({ quantile: 1 }, lag.max / NANOSECONDS);
      lag.reset();
    },
  });
  addProcessMetrics(registers);
  return () => lag.disable();
}

function addProcessMetrics(registers: Registry[]): void {
  const startedAt = Date.now() / 1_000 - process.uptime();
  const gauges: Readonly<Record<string, readonly [help: string, read: () => number]>> = {
    process_start_time_seconds: ['When the process started, since 1970', () => startedAt],
    process_resident_memory_bytes: ['Memory that the process occupies', () => process.memoryUsage.rss()],
    nodejs_heap_size_used_bytes: ['Memory that JavaScript objects occupy', () => process.memoryUsage().heapUsed],
    nodejs_heap_size_total_bytes: ['Memory set aside for JavaScript objects', () => process.memoryUsage().heapTotal],
    nodejs_active_resources: [
      'Connections, files and timers that are open',
      () => process.getActiveResourcesInfo().length,
    ],
  };
  for (const [name, [help, read]] of Object.entries(gauges)) {
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
  }
  new Counter({
    name: 'process_cpu_seconds_total',
    help: 'Time that processors have spent on the process',
    registers,
    collect() {
      const { user, system } = process.cpuUsage();
      this.reset();
      this.inc((user + system) / 1e6);
    },
  });
}

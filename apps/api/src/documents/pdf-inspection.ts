import { open } from 'node:fs/promises';
import { Worker } from 'node:worker_threads';

/** What an inspection found; `reason` is a few words without paths. */
export type PdfFinding =
  | { kind: 'pages'; pageCount: number }
  | { kind: 'encrypted' }
  | { kind: 'invalid'; reason: string };

/** Looks into PDF files, one after another. */
export interface PdfInspector {
  /** Inspects the file at `path`; rejects only when the file cannot be read at all. */
  inspect(path: string): Promise<PdfFinding>;
}

const TIME_LIMIT_MS = 10_000;
const MEMORY_LIMIT_MB = 256;
const HEADER_WITHIN_BYTES = 1024;

type Reply = { finding: PdfFinding | { kind: 'invalid' } } | { error: unknown };

/**
 * Makes an inspector that reads each PDF in a worker thread of its own. A file that takes longer than `timeLimitMs`
 * (default 10 s) or too much memory is found invalid and costs only that thread. Starting one takes about a tenth of a
 * second; a thread that is kept for the next file would now and then keep the process alive as well.
 */
export function createPdfInspector({ timeLimitMs = TIME_LIMIT_MS }: { timeLimitMs?: number } = {}): PdfInspector {
  let queue: Promise<unknown> = Promise.resolve();

  async function inspectNow(path: string): Promise<PdfFinding> {
    if (!(await startsLikePdf(path))) return { kind: 'invalid', reason: 'no PDF header' };
    const worker = startWorker();
    const reply = await ask(worker, path, timeLimitMs).finally(() => worker.terminate());
    if (reply === undefined) return { kind: 'invalid', reason: 'too complex to read' };
    if ('error' in reply) throw reply.error;
    const { finding } = reply;
    return finding.kind === 'invalid' ? { kind: 'invalid', reason: 'damaged or incomplete file' } : finding;
  }

  return {
    inspect(path) {
      const result = queue.then(() => inspectNow(path));
      queue = result.catch(() => undefined);
      return result;
    },
  };
}

/** The inspector that all apps of a process share, so that only one thread reads at a time. */
export const pdfInspector: PdfInspector = createPdfInspector();

function startWorker(): Worker {
  const worker = new Worker(new URL('./pdf-worker.mjs', import.meta.url), {
    execArgv: [],
    env: {},
    // What the PDF reader prints about its optional parts is of no use to the operator.
    stdout: true,
    stderr: true,
    resourceLimits: { maxOldGenerationSizeMb: MEMORY_LIMIT_MB },
  });
  worker.on('error', () => undefined);
  return worker;
}

/** The worker's reply, or undefined when it died or did not answer in time. */
function ask(worker: Worker, path: string, timeLimitMs: number): Promise<Reply | undefined> {
  return new Promise((resolve) => {
    const finish = (reply: Reply | undefined) => {
      clearTimeout(timer);
      worker.off('message', finish).off('exit', gone);
      resolve(reply);
    };
    const gone = () => finish(undefined);
    const timer = setTimeout(gone, timeLimitMs);
    worker.on('message', finish).on('exit', gone);
    worker.postMessage(path);
  });
}

/** Readers look for the header in the first 1,024 bytes. */
async function startsLikePdf(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEADER_WITHIN_BYTES), 0, HEADER_WITHIN_BYTES, 0);
    return buffer.subarray(0, bytesRead).includes('%PDF-');
  } finally {
    await file.close();
  }
}

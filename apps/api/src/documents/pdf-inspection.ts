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
 * Makes an inspector that reads PDFs in a worker thread, started at the first use. A file that takes longer than
 * `timeLimitMs` (default 10 s) or too much memory is found invalid and costs only that thread: the next file gets a
 * new one. The thread never keeps the process alive.
 */
export function createPdfInspector({ timeLimitMs = TIME_LIMIT_MS }: { timeLimitMs?: number } = {}): PdfInspector {
  let worker: Worker | undefined;
  let queue: Promise<unknown> = Promise.resolve();

  function thread(): Worker {
    if (worker !== undefined) return worker;
    const started = startWorker();
    started.once('exit', () => {
      if (worker === started) worker = undefined;
    });
    worker = started;
    return started;
  }

  async function inspectNow(path: string): Promise<PdfFinding> {
    if (!(await startsLikePdf(path))) return { kind: 'invalid', reason: 'no PDF header' };
    const reader = thread();
    const reply = await ask(reader, path, timeLimitMs);
    if (reply === undefined) {
      await reader.terminate();
      return { kind: 'invalid', reason: 'too complex to read' };
    }
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

/**
 * The inspector that all apps of a process share: a reader thread takes a tenth of a second to start and tens of
 * megabytes, and knows nothing of any app or database.
 */
export const pdfInspector: PdfInspector = createPdfInspector();

function startWorker(): Worker {
  const worker = new Worker(new URL('./pdf-worker.mjs', import.meta.url), {
    execArgv: [],
    env: {},
    // What the PDF reader prints about its optional parts is of no use to the operator. It is left unread: a thread
    // whose output is read keeps the process alive.
    stdout: true,
    stderr: true,
    resourceLimits: { maxOldGenerationSizeMb: MEMORY_LIMIT_MB },
  });
  worker.on('error', () => undefined);
  worker.unref();
  return worker;
}

/** The worker's reply, or undefined when it died or did not answer in time. */
function ask(worker: Worker, path: string, timeLimitMs: number): Promise<Reply | undefined> {
  return new Promise((resolve) => {
    const finish = (reply: Reply | undefined) => {
      clearTimeout(timer);
      worker.off('message', finish).off('exit', gone);
      worker.unref();
      resolve(reply);
    };
    const gone = () => finish(undefined);
    const timer = setTimeout(gone, timeLimitMs);
    worker.on('message', finish).on('exit', gone);
    worker.ref();
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

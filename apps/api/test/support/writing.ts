import { expect } from 'chai';
import { multipart } from './documents.ts';
import { pdf } from './pdf.ts';

/** What the service has acknowledged. */
interface Written {
  readonly id: string;
  /** Of the document, when it is one. */
  readonly sha256?: string;
}

/** Hands invoices over and uploads documents, four at a time, until it is stopped. */
export class Writing {
  readonly acknowledged: Written[] = [];
  readonly #url: string;
  readonly #writers: Promise<void>[];
  #waiting: { readonly until: number; readonly tell: () => void } | undefined;
  #stopped = false;

  /** Invoices are called by the prefix, which no writing before to the same database may have had. */
  constructor(url: string, prefix = 'w') {
    this.#url = url;
    this.#writers = ['a', 'b', 'c', 'd'].map((name) => this.#write(prefix + name));
  }

  /** Comes back when so many more writes have been acknowledged; fails when one is not. */
  async acknowledges(more: number): Promise<void> {
    const enough = new Promise<void>((resolve) => {
      this.#waiting = { until: this.acknowledged.length + more, tell: resolve };
    });
    await Promise.race([enough, Promise.all(this.#writers)]);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#writers);
  }

  async #write(name: string): Promise<void> {
    for (let number = 0; !this.#stopped; number += 1) {
      const id = `${name}-${number}`;
      this.acknowledged.push(number % 2 === 0 ? await this.#upload(id) : await this.#handOver(id));
      if (this.#waiting !== undefined && this.acknowledged.length >= this.#waiting.until) {
        this.#waiting.tell();
      }
    }
  }

  async #handOver(id: string): Promise<Written> {
    await this.#post('/api/v1/invoices', 'application/json', Buffer.from(JSON.stringify({ id })));
    return { id };
  }

  async #upload(id: string): Promise<Written> {
    const body = multipart([{ name: 'file', fileName: `${id}.pdf`, bytes: pdf({ text: id }) }]);
    const reply = await this.#post('/api/ingestion/upload', 'multipart/form-data; boundary=b0undary', body);
    const { invoice_id, content_sha256 } = (await reply.json()) as Record<string, string>;
    return { id: String(invoice_id), sha256: String(content_sha256) };
  }

  async #post(path: string, type: string, body: Buffer): Promise<Response> {
    const headers = { 'Content-Type': type, Connection: 'close' };
    const reply = await fetch(this.#url + path, { method: 'POST', headers, body: new Uint8Array(body) });
    expect(reply.status).to.equal(201);
    return reply;
  }
}

/** Whether a service has what was written to it or to the one before it. */
export async function isThere(url: string, { id, sha256 }: Written): Promise<boolean> {
  const path = sha256 === undefined ? `/api/v1/invoices/${id}` : `/api/hitl/invoice/${id}/pdf`;
  const reply = await fetch(url + path, { headers: { Connection: 'close' } });
  const bytes = new Uint8Array(await reply.arrayBuffer());
  return reply.status === 200 && (sha256 === undefined || (await digest(bytes)) === sha256);
}

async function digest(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return Buffer.from(await crypto.subtle.digest('SHA-256', bytes)).toString('hex');
}

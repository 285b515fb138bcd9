import { pdf } from '../../test/support/pdf.ts';
import { fileUpload } from '../support/api.ts';
import type { Call } from '../support/http-client.ts';
import type { Random } from '../support/random.ts';
import { brokenBody, oddText } from './broken.ts';
import { isObject, type Part, Samples } from './sample.ts';

/** Makes requests of the operations that a document describes: about half of them with something wrong. */
export class GeneratedRequests {
  readonly #operations: readonly Operation[];
  readonly #samples: Samples;
  readonly #random: Random;

  constructor(document: Part, random: Random) {
    this.#operations = Object.entries<Part>(document.paths).flatMap(([path, methods]) =>
      Object.entries<Part>(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
    );
    this.#samples = new Samples(document, random);
    this.#random = random;
  }

  /** The next request; `known` is what earlier ones made. */
  next(known: Known): Call {
    const { path, method, operation } = this.#random.pick(this.#operations);
    const parameters: Part[] = (operation.parameters ?? []).map((part: Part) => this.#samples.resolved(part));
    const query = this.#query(parameters.filter((parameter) => parameter.in === 'query'));
    const sent = {
      method: this.#random.chance(0.03) ? this.#random.pick(['HEAD', 'PUT', 'DELETE', 'OPTIONS']) : method,
      path: this.#path(path, known) + query,
      headers: this.#headers(parameters.filter((parameter) => parameter.in === 'header')),
    };
    return { ...sent, ...this.#body(operation.requestBody, sent, known) };
  }

  #path(template: string, { ids, lines }: Known): string {
    const fits = this.#random.chance(0.85);
    const line = lines.length > 0 ? this.#random.pick(lines) : { id: 'none', lineId: 'none' };
    const id = ids.length > 0 ? this.#random.pick(ids) : 'none';
    const there = template.includes('{lineId}') ? line : { id, lineId: 'none' };
    return template.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
      fits && (name === 'id' || name === 'lineId')
        ? encodeURIComponent(there[name])
        : oddText(this.#random).replaceAll(/[^\w%.-]/g, ''),
    );
  }

  #query(parameters: readonly Part[]): string {
    const query = parameters
      .filter(() => this.#random.chance(2 / (parameters.length + 2)))
      .map(({ name, schema }) => {
        const value = this.#random.chance(0.7) ? String(this.#samples.of(schema)) : oddText(this.#random);
        return `${name}=${encodeURIComponent(value)}`;
      });
    return query.length === 0 ? '' : `?${query.join('&')}`;
  }

  #headers(parameters: readonly Part[]): Record<string, string> {
    const values: Record<string, () => string> = {
      'If-Match': () => this.#random.pick(['*', '"0"', '"1"', '"2"', oddText(this.#random)]),
      'If-None-Match': () => this.#random.pick(['*', '"0"', '"1"', oddText(this.#random)]),
      'Idempotency-Key': () => this.#random.pick([`key-${this.#random.digits(6)}`, 'one-key', oddText(this.#random)]),
      Range: () => this.#random.pick(['bytes=0-9', 'bytes=-5', 'bytes=9999999-', 'bytes=1-0', 'lines=1-2']),
    };
    const sent = parameters.filter(({ required }) => this.#random.chance(required ? 0.95 : 0.3));
    const entries = sent.map(({ name }): [string, string] => [name, values[name]?.() ?? oddText(this.#random)]);
    // What no header can hold is refused by the client.
    return Object.fromEntries(entries.filter(([, value]) => /^[\x20-\x7e]*$/.test(value)));
  }

  #body(requestBody: Part, sent: Call, known: Known): Pick<Call, 'body' | 'headers'> {
    const content = requestBody === undefined ? {} : this.#samples.resolved(requestBody).content;
    const [type] = Object.keys(content);
    if (type === undefined) {
      return {};
    }
    if (type === 'multipart/form-data') {
      return this.#upload(sent);
    }
    const { schema, example } = content[type];
    const made = this.#random.chance(0.2) && example !== undefined ? example : this.#samples.of(schema);
    const fitting = isObject(made) ? this.#ofKnown(made, known) : made;
    const body = this.#random.chance(0.5) ? JSON.stringify(fitting) : brokenBody(fitting, this.#random);
    return { body, headers: { ...sent.headers, 'Content-Type': this.#random.chance(0.97) ? type : 'text/plain' } };
  }

  /** An invoice that is there is named where one is asked for, and a new one gets an id of its own. */
  #ofKnown(body: Record<string, unknown>, { ids }: Known): object {
    const known = ids.length > 0 && 'invoice_id' in body ? { invoice_id: this.#random.pick(ids) } : {};
    return { ...body, ...known, ...('id' in body && { id: `made-${this.#random.digits(9)}` }) };
  }

  #upload({ headers }: Call): Pick<Call, 'body' | 'headers'> {
    const bytes = this.#random.pick([pdf({ text: this.#random.digits(3) }), Buffer.from('no pdf'), Buffer.alloc(0)]);
    const upload = fileUpload(bytes, this.#random.pick(['a.pdf', 'a.txt', 'ÿ ".pdf', '..']));
    const body = this.#random.chance(0.9) ? upload.body : Buffer.from('--scorecard-boundary\r\n\r\n');
    return { body, headers: { ...headers, ...upload.headers } };
  }
}

interface Operation {
  readonly path: string;
  readonly method: string;
  readonly operation: Part;
}

/** A line of an invoice that is there. */
export interface KnownLine {
  readonly id: string;
  readonly lineId: string;
}

/** What is there to be asked for. */
export interface Known {
  readonly ids: readonly string[];
  readonly lines: readonly KnownLine[];
}

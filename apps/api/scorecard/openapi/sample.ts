import type { Random } from '../support/random.ts';

/** A part of an OpenAPI document: plain JSON. */
// biome-ignore lint/suspicious/noExplicitAny: schemas are looked into freely
export type Part = any;

/** Makes values that a schema of the document describes, as far as its keywords say. */
export class Samples {
  readonly #document: Part;
  readonly #random: Random;

  constructor(document: Part, random: Random) {
    this.#document = document;
    this.#random = random;
  }

  /** What a `$ref` leads to; anything else as it is. */
  resolved(part: Part): Part {
    const steps: string[] = part.$ref?.slice('#/'.length).split('/') ?? [];
    return steps.length === 0 ? part : this.resolved(steps.reduce((at, step) => at[step], this.#document));
  }

  /** A value that fits. */
  of(unresolved: Part): unknown {
    const schema = this.resolved(unresolved);
    const choice = schema.enum ?? ('const' in schema ? [schema.const] : undefined);
    if (choice !== undefined) {
      return this.#random.pick(choice);
    }
    const parts = schema.anyOf ?? schema.oneOf;
    if (parts !== undefined) {
      return this.of(this.#random.pick(parts));
    }
    if (schema.allOf !== undefined) {
      const all = schema.allOf.map((part: Part) => this.of(part));
      return all.every(isObject) ? Object.assign({}, ...all) : all[0];
    }
    return this.#ofType(schema, this.#random.pick([schema.type ?? ANY].flat()));
  }

  #ofType(schema: Part, type: string): unknown {
    switch (type) {
      case 'string':
        return this.#text(schema);
      case 'integer':
        return this.#random.integer(schema.minimum ?? 0, Math.min(schema.maximum ?? 5, (schema.minimum ?? 0) + 5));
      case 'number':
        return this.#random.pick([schema.minimum ?? 0, Math.min(schema.maximum ?? 100, 0.25)]);
      case 'boolean':
        return this.#random.chance(0.5);
      case 'array':
        return Array.from({ length: this.#random.integer(schema.minItems ?? 0, 3) }, () => this.of(schema.items ?? {}));
      case 'object':
        return this.#object(schema);
      default:
        return null;
    }
  }

  #text({ pattern, minLength = 0, maxLength = 4000 }: Part): string {
    const fits = (text: string) =>
      text.length >= minLength && text.length <= maxLength && new RegExp(pattern ?? '', 'u').test(text);
    const fitting = TEXTS.filter(fits);
    return this.#random.pick(fitting.length > 0 ? fitting : ['']);
  }

  #object({ properties = {}, required = [], additionalProperties }: Part): object {
    const names = Object.keys(properties).filter((name) => required.includes(name) || this.#random.chance(0.25));
    const entries = names.map((name): [string, unknown] => [name, this.of(properties[name])]);
    const free = isObject(additionalProperties) ? this.#random.integer(0, 2) : 0;
    const others = TEXTS.slice(0, free).map((name): [string, unknown] => [name, this.of(additionalProperties)]);
    return Object.fromEntries([...entries, ...others]);
  }
}

const ANY = ['string', 'integer', 'boolean', 'null'];

/** Of every kind that the document's patterns ask for. */
const TEXTS = [
  ...['vendor_name', 'total_amount', 'po_number', 'line_items', 'validated', 'needs_review', 'extractor', 'Zoë 𝄞', ''],
  ...['2026-02-28', '2026-11-22T13:34:49.605Z', '12.50', '-0.00000001', '123456789012345678.0123456789', ' 7 '],
  ...['A-1', 'é', 'a'.repeat(64), '0'.repeat(64), 'two\nlines', '%', "'; --", '-upload_date', 'upload_date'],
];

/** Whether a value is an object and no list. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

import type { SchemaChange } from './changes.ts';

/** How an object of a schema is defined. */
export interface Definition {
  /** Equal for objects that are defined equally. */
  readonly text: string;
  /** The object that it comes and goes with, such as `table note` for an index. */
  readonly of?: string;
}

/** All objects by kind and name, such as `index note_text`. */
export type Definitions = ReadonlyMap<string, Definition>;

/** What differs. What came or went together with the object that it belongs to is not told apart. */
export function schemaChanges(before: Definitions, after: Definitions): readonly SchemaChange[] {
  const isNews = (from: Definitions, to: Definitions) => (object: string) => {
    const { of } = from.get(object) ?? {};
    return !to.has(object) && (of === undefined || to.has(of) || !from.has(of));
  };
  const created = [...after.keys()].filter(isNews(after, before));
  const dropped = [...before.keys()].filter(isNews(before, after));
  const altered = [...before.keys()].filter((object) => {
    const definition = after.get(object);
    return definition !== undefined && definition.text !== before.get(object)?.text;
  });
  return [
    ...created.map((object) => ({ object, change: 'created' as const })),
    ...altered.map((object) => ({ object, change: 'altered' as const })),
    ...dropped.map((object) => ({ object, change: 'dropped' as const })),
  ];
}

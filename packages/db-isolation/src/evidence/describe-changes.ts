import type { Changes, RowChange, SchemaChange } from '../engines/changes.ts';

/** Lines of the whole text; what does not fit is counted. */
const MOST_LINES = 40;

/** Objects of the schema that are named. */
const MOST_OBJECTS = 12;

/** How long one line is at most, in characters. */
const LINE_LENGTH = 400;

const SIGNS = { inserted: '+', updated: '~', deleted: '-' } as const;

/** What a test changed, as text for its failure: at most {@link MOST_LINES} lines. */
export function describeChanges({ tables, schema, cut }: Changes): string {
  const notes = cut.map((sentence) => `  ${sentence}`);
  if (tables.length === 0 && schema.length === 0) {
    if (cut.length === 0) return 'The test changed nothing in it.';
    return ['As far as it was compared, the test changed nothing in it.', ...notes].join('\n');
  }
  const objects = schemaLines(schema);
  const room = MOST_LINES - 1 - objects.length - notes.length;
  const lines = tableLines(tables, Math.max(room, 2));
  return ['What the test changed in it:', ...lines, ...objects, ...notes.slice(0, MOST_LINES / 2)]
    .map(oneLine)
    .join('\n');
}

/** The counts of as many tables as fit, and rows as far as there is room for them, shared out evenly. */
function tableLines(tables: Changes['tables'], room: number): readonly string[] {
  const all = tables.length <= room;
  const named = all ? tables : tables.slice(0, room - 1);
  let left = Math.max(0, room - named.length - (all ? 0 : 1));
  const lines = named.flatMap((table, i) => {
    const rows = table.rows.slice(0, Math.ceil(left / (named.length - i)));
    left -= rows.length;
    return [`  ${table.table}: ${counts(table)}`, ...rows.map((row) => `    ${rowLine(row)}`)];
  });
  return all ? lines : [...lines, `  and ${tables.length - named.length} more tables`];
}

function schemaLines(schema: readonly SchemaChange[]): readonly string[] {
  const lines = schema.slice(0, MOST_OBJECTS).map(({ object, change }) => `  schema: ${object} ${change}`);
  const more = schema.length - lines.length;
  return more > 0 ? [...lines, `  schema: and ${more} more changes`] : lines;
}

function counts(table: Changes['tables'][number]): string {
  return (['inserted', 'updated', 'deleted'] as const)
    .filter((change) => table[change] > 0)
    .map((change) => `${table[change]} ${change}`)
    .join(', ');
}

function rowLine({ change, key, columns }: RowChange): string {
  const names = Object.entries(key).map(([name, text]) => `${name}=${value(text)}`);
  const cells = Object.entries(columns)
    .filter(([name]) => !Object.hasOwn(key, name) || change === 'updated')
    .map(([name, { before, after }]) => {
      if (change === 'updated') return `${name} ${value(before)} -> ${value(after)}`;
      return `${name}=${value(change === 'inserted' ? after : before)}`;
    });
  const parts = [names.join(', '), cells.join(', ')].filter((part) => part !== '');
  return `${SIGNS[change]} ${parts.join(': ')}`;
}

/** Numbers and bytes as they are, everything else in quotes, on one line. */
function value(text: string | null | undefined): string {
  if (text === null || text === undefined) return 'null';
  if (/^(?:-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?|x'.*'?|true|false)$/.test(text)) return text;
  return `'${text.replace(/\p{Cc}/gu, (character) => JSON.stringify(character).slice(1, -1))}'`;
}

function oneLine(line: string): string {
  const flat = line.replace(/\s*[\r\n]+\s*/g, ' ').trimEnd();
  return flat.length <= LINE_LENGTH ? flat : `${flat.slice(0, LINE_LENGTH - 1)}…`;
}

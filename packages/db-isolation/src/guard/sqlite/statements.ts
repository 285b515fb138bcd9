/** Comments, which are skipped; texts and names in quotes; words; and whatever else there is, one character at a time. */
const TOKEN =
  /--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|'(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\]|[\w$\u0080-\uffff]+|\S/g;

/** Whether it is worth the while to look closer. */
const SUSPICIOUS = /\b(?:attach|vacuum)\b/i;

/**
 * The names of files that a text of SQL opens besides the database: of `ATTACH 'file' AS name` and `VACUUM INTO 'file'`. A
 * name that is computed, or bound to the statement, does not show here.
 */
export function filesIn(sql: string): readonly string[] {
  if (!SUSPICIOUS.test(sql)) return [];
  return statementsOf(sql).flatMap((tokens) => fileOfStatement(tokens) ?? []);
}

/** Whether a text of SQL attaches a file whose name does not show in it. */
export function attachesByValue(sql: string): boolean {
  if (!SUSPICIOUS.test(sql)) return false;
  return statementsOf(sql).some(
    (tokens) => tokens[0]?.toUpperCase() === 'ATTACH' && fileOfStatement(tokens) === undefined,
  );
}

function fileOfStatement(tokens: readonly string[]): string | undefined {
  const words = tokens.map((token) => token.toUpperCase());
  const at = words[0] === 'ATTACH' ? afterAttach(words) : words[0] === 'VACUUM' ? words.indexOf('INTO') + 1 : 0;
  const name = at > 0 ? tokens[at] : undefined;
  const end = words[at + 1];
  const whole = end === undefined || (words[0] === 'ATTACH' && end === 'AS');
  return name !== undefined && whole && isLiteral(name) ? unquoted(name) : undefined;
}

function statementsOf(sql: string): readonly (readonly string[])[] {
  const statements: string[][] = [[]];
  for (const [token] of sql.matchAll(TOKEN)) {
    if (token === ';') statements.push([]);
    else if (!token.startsWith('--') && !token.startsWith('/*')) statements.at(-1)?.push(token);
  }
  return statements;
}

/** `DATABASE` may be the word of the statement, or the name of a file: `ATTACH database AS x`. */
function afterAttach(words: readonly string[]): number {
  return words[1] === 'DATABASE' && words[2] !== 'AS' ? 2 : 1;
}

/** SQLite takes a bare or quoted name for a text here. */
function isLiteral(token: string): boolean {
  return /^['"`[]|^[\w\u0080-\uffff]/.test(token) && !/^(?:\d|null$)/i.test(token);
}

function unquoted(token: string): string {
  const [quote = ''] = token;
  if (quote === '[') return token.slice(1, -1);
  return /['"`]/.test(quote) ? token.slice(1, -1).replaceAll(quote + quote, quote) : token;
}

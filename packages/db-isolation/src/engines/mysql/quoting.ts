/** A name as a statement needs it. */
export function identifier(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``;
}

/** A text as a statement needs it; only with a sql_mode that has backslashes escape, as the library's sessions have. */
export function text(value: string): string {
  return `'${value.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
}

/** What a statement does and to which table, such as `SELECT invoices`; nothing else of it. */
export function querySummary(sql: string): string {
  const [, verb = 'QUERY'] = /^\s*([A-Za-z]+)/.exec(sql) ?? [];
  const [, table] = /\b(?:from|into|update)\s+[`"]?([A-Za-z_]+)[`"]?/i.exec(sql) ?? [];
  return table === undefined ? verb.toUpperCase() : `${verb.toUpperCase()} ${table}`;
}

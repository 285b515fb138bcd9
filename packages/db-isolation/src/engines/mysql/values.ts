import { READ_LENGTH } from '../row-changes.ts';
import type { Column } from './compared-tables.ts';

const BINARY =
  /^(?:binary|varbinary|.*blob|geometry|geomcollection|.*point|.*linestring|.*polygon|geometrycollection)$/;

/** What a comparison of some rows is about: the number of rows, and a sum that is another one for other values. */
export function sums(columns: readonly Column[]): string {
  return `count(*) as row_count, sum(crc32(${allValues(columns)})) as sum`;
}

/** One text for all values of a row, equal for equal rows. */
export function rowHash(columns: readonly Column[]): string {
  return `md5(${allValues(columns)})`;
}

function allValues(columns: readonly Column[]): string {
  // Texts of one kind can be put together as they are, which is faster.
  const kinds = new Set(columns.filter((column) => column.isText || isBinary(column)).map(({ kind }) => kind));
  const values = columns.map((column) => {
    const value = column.type === 'float' ? `${column.sql} + 0e0` : column.sql;
    return `ifnull(${column.isText && kinds.size > 1 ? `cast(${value} as binary)` : value}, 0x010201)`;
  });
  return `concat_ws(0x00, ${values.join(', ')})`;
}

/** Whether a column differs, whatever its collation takes for equal. */
export function isChanged(column: Column): string {
  const [a, b] = ['a', 'b'].map((alias) => {
    const sql = `${alias}.${column.sql}`;
    if (column.isText) return `cast(convert(${sql} using utf8mb4) as binary)`;
    return isBinary(column) ? `cast(${sql} as binary)` : sql;
  });
  return `not (${a} <=> ${b})`;
}

/** A value as people read it. Long ones end with their hash, so that any difference shows. */
export function textOf(column: Column, alias: string): string {
  const sql = `${alias}.${column.sql}`;
  if (column.type === 'bit') return `cast(${sql} + 0 as char)`;
  if (isBinary(column)) {
    const bytes = READ_LENGTH / 2;
    return `concat('x''', lower(hex(left(cast(${sql} as binary), ${bytes}))), '''',
      if(length(${sql}) > ${bytes}, md5(cast(${sql} as binary)), ''))`;
  }
  if (column.isText) {
    const utf8 = `convert(${sql} using utf8mb4)`; // as what it is joined to
    return `if(char_length(${sql}) > ${READ_LENGTH}, concat(left(${utf8}, ${READ_LENGTH}), md5(${sql})), ${utf8})`;
  }
  return `cast(${column.type === 'float' ? `${sql} + 0e0` : sql} as char)`;
}

function isBinary({ type }: Column): boolean {
  return BINARY.test(type);
}

import { value } from './values.ts';

/** A whole number of a query. */
export function count({ least, most }: { least: number; most: number }) {
  return value<number>(
    (sent, refuse) => {
      if (typeof sent !== 'string' || !/^(?:0|-?[1-9][0-9]*)$/.test(sent)) {
        return refuse('int_parsing', 'not an integer');
      }
      const read = Number(sent);
      if (read < least) {
        return refuse('greater_than_equal', `less than ${least}`);
      }
      return read > most ? refuse('less_than_equal', `more than ${most}`) : read;
    },
    { type: 'integer', minimum: least, maximum: most },
  );
}

/** A text of a query, given once. */
export const onceText = value<string>(
  (sent, refuse) => (typeof sent === 'string' ? sent : refuse('string_type', 'given more than once')),
  { type: 'string' },
);

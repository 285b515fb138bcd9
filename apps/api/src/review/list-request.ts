import { z } from 'zod';
import { count, onceText } from '../http/query-values.ts';

const MAX_LIMIT = 200;
const DEFAULT_LIMIT = 50;
const MAX_SKIP = 1_000_000_000;

/** The query of the list; keys that it does not know are ignored. */
export const listRequest = z.object({
  limit: count({ least: 1, most: MAX_LIMIT }).default(DEFAULT_LIMIT).meta({ default: DEFAULT_LIMIT }),
  skip: count({ least: 0, most: MAX_SKIP }).default(0).meta({ default: 0 }),
  status: onceText.default(''),
});

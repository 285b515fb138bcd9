import { z } from 'zod';
import { isCalendarDay } from '../http/dates.ts';
import { count } from '../http/query-values.ts';
import { date, decimal, oneOf, text, timestamp, value } from '../http/values.ts';
import { PROCESSING_STATES } from '../model/invoice.ts';

const MAX_LIMIT = 200;
const DEFAULT_LIMIT = 50;
const MAX_SEARCH_LENGTH = 200;
const MAX_CURSOR_LENGTH = 4_000;

/** What the list can be ordered by. */
export const SORTS = ['upload_date', 'invoice_date', 'total_amount', 'vendor_name', 'updated_at'] as const;

/** Timestamps, or the first and the last moment of a day. */
const fromMoment = moment('T00:00:00.000Z');
const toMoment = moment('T23:59:59.999Z');

const filters = {
  status: filter(text()),
  processing_state: filter(oneOf(...PROCESSING_STATES)),
  review_status: filter(text()),
  vendor: filter(text()),
  currency: filter(text()),
  invoice_date_from: filter(date),
  invoice_date_to: filter(date),
  upload_date_from: filter(fromMoment),
  upload_date_to: filter(toMoment),
  total_min: filter(decimal),
  total_max: filter(decimal),
  low_confidence: filter(oneOf('true', 'false')),
  q: filter(text(MAX_SEARCH_LENGTH)),
};

/** The query of the list; keys that it does not know are refused, as a filter that is none would show too much. */
export const listRequest = z.strictObject({
  ...filters,
  sort: oneOf(...SORTS, ...SORTS.map((name) => `-${name}` as const)).default('-upload_date'),
  limit: count({ least: 1, most: MAX_LIMIT }).default(DEFAULT_LIMIT).meta({ default: DEFAULT_LIMIT }),
  cursor: filter(text(MAX_CURSOR_LENGTH)),
});

/** Which invoices, in which order, and how many of them after which one. */
export type ListRequest = z.output<typeof listRequest>;

/** Which invoices are listed; what is left out filters nothing. */
export type Filters = z.output<z.ZodObject<typeof filters>>;

/** An empty value filters nothing, as forms send it. */
function filter<S extends z.ZodType>(schema: S) {
  return z.preprocess((sent) => (sent === '' ? undefined : sent), schema.optional());
}

function moment(timeOfDay: string) {
  return value<string>(
    (sent, refuse) => {
      if (typeof sent === 'string' && isCalendarDay(sent)) {
        return `${sent}${timeOfDay}`;
      }
      const { data } = timestamp.safeParse(sent);
      return data ?? refuse('date_parsing', 'neither a day as YYYY-MM-DD nor a timestamp as YYYY-MM-DDThh:mm:ss');
    },
    { type: 'string', description: 'A day, or a timestamp; without a zone in UTC.' },
  );
}

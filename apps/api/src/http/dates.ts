const DAY = /^[0-9]{4}-[0-9]{2}-[0-9]{2}$/;
const TIMESTAMP =
  /^([0-9]{4}-[0-9]{2}-[0-9]{2})T([01][0-9]|2[0-3]):([0-5][0-9]):([0-5][0-9])(?:\.([0-9]{1,9}))?(?:Z|([+-])([01][0-9]|2[0-3]):([0-5][0-9]))?$/;

/** Whether a text is a day of the calendar as `YYYY-MM-DD`, in the years 0001 to 9999. */
export function isCalendarDay(text: string): boolean {
  if (!DAY.test(text) || text.startsWith('0000')) {
    return false;
  }
  const midnight = new Date(`${text}T00:00:00.000Z`);
  // A day that the month does not have is either no date at all or comes out as one of the next month.
  return !Number.isNaN(midnight.getTime()) && midnight.toISOString().startsWith(text);
}

/** A timestamp in UTC with milliseconds (finer digits are cut); undefined when the text is none. No zone means UTC. */
export function parseTimestamp(text: string): string | undefined {
  const [, day = '', hour, minute, second, fraction = '', sign, offsetHours, offsetMinutes] =
    TIMESTAMP.exec(text) ?? [];
  if (!isCalendarDay(day)) {
    return undefined;
  }
  const local = Date.parse(`${day}T${hour}:${minute}:${second}.${fraction.slice(0, 3).padEnd(3, '0')}Z`);
  const offsetMs = (Number(offsetHours ?? 0) * 60 + Number(offsetMinutes ?? 0)) * 60_000;
  const utc = new Date(sign === '-' ? local + offsetMs : local - offsetMs).toISOString();
  // Years outside 0001..9999, which an offset can lead to, are written with a sign or as 0000.
  return /^(?!0000)[0-9]{4}-/.test(utc) ? utc : undefined;
}

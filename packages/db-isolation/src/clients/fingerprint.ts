/** Anything as text that is the same for equal content: configurations hold functions, and loggers that refer to themselves. */
export function fingerprintOf(...parts: readonly unknown[]): string {
  const seen = new WeakSet<object>();
  return JSON.stringify(parts, (_, value) => {
    if (typeof value === 'function' || typeof value === 'bigint') return String(value);
    if (typeof value !== 'object' || value === null) return value;
    if (seen.has(value)) return 'seen before';
    seen.add(value);
    return value;
  });
}

const UNPAIRED_SURROGATE = /\p{Surrogate}/u;

/** Whether every database can keep the text: no U+0000, no unpaired surrogate. */
export function isStorableText(value: string): boolean {
  return !value.includes('\0') && !UNPAIRED_SURROGATE.test(value);
}

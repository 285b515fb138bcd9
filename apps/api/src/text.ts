const UNPAIRED_SURROGATE = /\p{Surrogate}/u;

/** Whether every database can keep the text: no U+0000, no unpaired surrogate. */
export function isStorableText(value: string): boolean {
  return !value.includes('\0') && !UNPAIRED_SURROGATE.test(value);
}

/** A text as searches compare it: without regard to case, alike on every engine because no engine has a say in it. */
export function foldCase(value: string): string {
  // Upper case, as it knows no exceptions by place: both small sigmas have one capital, and ß is SS.
  return value.normalize('NFC').toUpperCase();
}

/** The beginning of a text, of so many UTF-16 code units; half of a surrogate pair never stays behind. */
export function cutText(text: string, length: number): string {
  return text.slice(0, length).replace(/[\ud800-\udbff]$/, '');
}

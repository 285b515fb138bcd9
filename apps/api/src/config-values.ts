import { z } from 'zod';
import { isLoopbackName } from './loopback.ts';

/** A text; one that is unset or empty is the fallback. */
export function text(fallback: string) {
  return z
    .string()
    .optional()
    .transform((value) => (value === undefined || value === '' ? fallback : value))
    .pipe(z.string());
}

/** Several values with commas between. */
export function listed() {
  return text('').transform((list) =>
    list
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== ''),
  );
}

/** Whether a text is the number of a port; 0 stands for any free one. */
export function isPort(value: string): boolean {
  return /^\d{1,5}$/.test(value) && Number(value) <= 65_535;
}

/** Whether a text can be an address or the name of a host. */
export function isHost(value: string): boolean {
  return /^[A-Za-z0-9.:_%-]+$/.test(value);
}

/** Whether a text is a size in MiB. */
export function isFileSize(value: string): boolean {
  return /^\d+(\.\d+)?$/.test(value) && Number(value) > 0 && Number(value) <= 1024;
}

/** Whether a text is an origin of web pages. */
export function isOrigin(value: string): boolean {
  return /^https?:/.test(value) && URL.canParse(value) && new URL(value).origin === value;
}

/** Whether a text is a URL of HTTP. */
export function isHttpUrl(value: string): boolean {
  return /^https?:\/\//.test(value) && URL.canParse(value);
}

/** Whether nobody can change on its way what is fetched there: keys so changed would check tokens of others. */
export function isSafeUrl(value: string): boolean {
  const { protocol, hostname } = URL.canParse(value) ? new URL(value) : { protocol: '', hostname: '' };
  return protocol === 'https:' || (protocol === 'http:' && isLoopbackName(hostname));
}

import { extname } from 'node:path/posix';
import { cutText } from '../text.ts';

const MAX_LENGTH = 255;

/**
 * The name to keep of an uploaded file: the last segment of the name that was sent, without control characters,
 * at most 255 UTF-16 code units long with its extension kept.
 */
export function cleanFileName(sent: string | undefined): string {
  const lastSegment = (sent ?? '').split(/[/\\]/).at(-1) ?? '';
  return shorten(lastSegment.replace(/\p{Cc}/gu, ''));
}

/** Whether a name ends in `.pdf`, in any case. */
export function hasPdfExtension(fileName: string): boolean {
  return /\.pdf$/i.test(fileName);
}

function shorten(name: string): string {
  if (name.length <= MAX_LENGTH) return name;
  const extension = extname(name);
  const kept = extension.length < MAX_LENGTH ? extension : '';
  return cutText(name, MAX_LENGTH - kept.length) + kept;
}

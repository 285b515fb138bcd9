import type { Request } from 'express';
import type { ExpectedVersion } from '../model/expected-version.ts';
import { MalformedPreconditionError, PreconditionRequiredError } from './http-errors.ts';

/** An entity tag (RFC 9110, 8.8.3) with the comma after it; elements of a list may be empty. */
const TAG = /(W\/)?"([\x21\x23-\x7e\x80-\xff]*)"[\t ]*(?:,[,\t ]*|$)/y;

const VERSION = /^(?:0|[1-9][0-9]*)$/;

/**
 * The versions that `If-Match` asks for. Weak tags, and tags that are no version, match none.
 *
 * @throws PreconditionRequiredError without the header, MalformedPreconditionError when it holds something else.
 */
export function ifMatch(request: Request): ExpectedVersion {
  const header = request.headers['if-match']?.trim();
  if (header === undefined) {
    throw new PreconditionRequiredError('If-Match is required: send the ETag of the invoice');
  }
  return header === '*' ? 'any' : versionsIn(header.replace(/^[,\t ]+/, ''));
}

function versionsIn(list: string): readonly number[] {
  const versions: number[] = [];
  let end = 0;
  while (end < list.length || list === '') {
    TAG.lastIndex = end;
    const [tag, weak, opaque = ''] = TAG.exec(list) ?? [];
    if (tag === undefined) {
      throw new MalformedPreconditionError('If-Match is neither * nor a list of entity tags');
    }
    if (weak === undefined && VERSION.test(opaque)) {
      versions.push(Number(opaque));
    }
    end += tag.length;
  }
  return versions;
}

import { ROLES } from '../http/caller.ts';
import { list, strictObject } from '../http/shapes.ts';
import { oneOf, text, timestamp } from '../http/values.ts';
import { isStorableText } from '../text.ts';

const MAX_NAME_LENGTH = 200;

/** What a key may be called: what the history will say of whoever uses it. */
export const keyName = text(MAX_NAME_LENGTH, {
  test: (name) => /\S/.test(name) && isStorableText(name),
  otherwise: 'is blank or has characters that cannot be kept',
  pattern: '\\S',
});

/** The body of a request for a new key. */
export const keyRequest = strictObject({
  name: keyName,
  roles: list(oneOf(...ROLES))
    .superRefine((sent, context) => {
      if (sent.length === 0) {
        context.addIssue({ code: 'custom', message: 'has no entry', params: { problem: 'list_type' } });
      }
    })
    .transform((sent) => [...new Set(sent)])
    .meta({ minItems: 1 }),
  expires_at: timestamp.nullable().optional(),
});

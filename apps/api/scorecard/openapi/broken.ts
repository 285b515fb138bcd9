import type { Random } from '../support/random.ts';
import { isObject } from './sample.ts';

/** Values that programs and attackers send where something else belongs. */
const ODD: readonly unknown[] = [
  ...[null, true, -1, 0.5, 1e21, 2 ** 63, '', 'NaN', 'Infinity', '1e5', '\u0000', '\ud800', '../../etc/passwd'],
  ...[[], {}, [[]], 'x'.repeat(5000), '9'.repeat(70), { ['__proto__']: 1 }, '2026-02-30', '00.1', '\u202e', [null, {}]],
];

/** JSON text with one thing wrong; sometimes no JSON at all. */
export function brokenBody(body: unknown, random: Random): string {
  const text = JSON.stringify(random.chance(0.9) ? withOneOdd(body, random) : random.pick(ODD));
  switch (random.integer(0, 9)) {
    case 0:
      return text.slice(0, random.integer(0, text.length));
    case 1:
      return text.replace(/\d+/, '1e999');
    default:
      return text;
  }
}

/** An odd text for a path, a query or a header. */
export function oddText(random: Random): string {
  return random.pick([
    '',
    '-1',
    '1.5',
    'abc',
    '%00',
    '..%2f..',
    "' OR 1=1",
    '__proto__',
    'ÿ',
    'x'.repeat(300),
    '*',
    'W/"1"',
  ]);
}

function withOneOdd(value: unknown, random: Random): unknown {
  if (Array.isArray(value) && value.length > 0) {
    const index = random.integer(0, value.length - 1);
    return value.map((item, at) => (at === index ? withOneOdd(item, random) : item));
  }
  if (isObject(value) && Object.keys(value).length > 0 && !random.chance(0.2)) {
    const name = random.pick(Object.keys(value));
    const { [name]: chosen, ...others } = value;
    return random.chance(0.2) ? others : { ...others, [name]: withOneOdd(chosen, random) };
  }
  return isObject(value) ? { ...value, [`unknown ${random.digits(2)}`]: random.pick(ODD) } : random.pick(ODD);
}

import fc from 'fast-check'

const LONG = 70_000

const nest = (depth: number): unknown => {
  let value: unknown = 'x'
  for (let n = 0; n < depth; n += 1) value = n % 2 === 0 ? [value] : { a: value }
  return value
}

/** Texts that often break programs. */
export const strangeText: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(
    '',
    ' ',
    '\0',
    '\ud800',
    'a\udfff',
    '\u2028\u2029',
    '\ufeff',
    '\u202e',
    '\r\nX-Injected: 1',
    '__proto__',
    'constructor',
    'prototype',
    'toString',
    'hasOwnProperty',
    '../../etc/passwd',
    '..\\..',
    '%00',
    '%2e%2e%2f',
    '$where',
    '{{7*7}}',
    '*',
    'NaN',
    '-1',
    '1e999',
    'null',
    `job_${'0'.repeat(32)}`,
    '9999999999-1',
    '\u{1f600}'.repeat(300),
    'x'.repeat(300),
    'x'.repeat(LONG),
  ),
  fc.string({ unit: 'binary' }),
  fc.string(),
)

const strangeNumber = fc.oneof(
  fc.constantFrom(0, -0, -1, 0.5, 1e-7, 2 ** 31, 2 ** 32, 2 ** 53, 2 ** 53 + 2, -(2 ** 63), 1e21, 1.7e308),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
)

/** Any JSON value, awkward ones more often. */
export const strangeValue: fc.Arbitrary<unknown> = fc.oneof(
  strangeText,
  strangeNumber,
  fc.constantFrom<unknown>(
    null,
    true,
    false,
    [],
    {},
    [[]],
    [null],
    { length: 1 },
    { toString: 1 },
    { length: { toString: 1 } },
  ),
  fc.constantFrom(nest(60), Array(1_000).fill(0), Object.fromEntries(Array.from({ length: 1_000 }, (_, n) => [n, n]))),
  fc.jsonValue(),
)

export const strangeName: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom('__proto__', 'constructor', 'prototype', 'toString', 'then', 'length', '', '0', '\0', '\ud800'),
  fc.string(),
)

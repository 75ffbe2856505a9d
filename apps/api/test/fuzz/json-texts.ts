import fc from 'fast-check'
import { withOneChange } from './one-change.ts'
import { strangeValue } from './strange-values.ts'

/** Faults of JSON as a text, which no value can have. */
const TEXT_CHANGES: readonly ((text: string) => string)[] = [
  (text) => `\ufeff${text}`,
  (text) => `${text}${text}`,
  (text) => `${text},`,
  (text) => text.slice(0, -1),
  (text) => text.slice(0, text.length / 2),
  (text) => text.replace(/^\{("(?:[^"\\]|\\.)*"):/, '{$1:1,$1:'),
  (text) => text.replace(/^\{/, '{"__proto__":{"isAdmin":true},'),
  (text) => text.replace(/^\{/, '{"\\u005f_proto__":{"isAdmin":true},'),
  (text) => text.replace(/^\{/, '{"constructor":{"prototype":{"isAdmin":true}},'),
  (text) => text.replace(/:/, `:${'['.repeat(2_000)}${']'.repeat(2_000)},"x":`),
  (text) => text.replace(/:/, ':1e999,"x":'),
  (text) => text.replace(/:"/, ':"\0'),
  (text) => text.replace(/:"/, ':"\\ud800'),
  (text) => text.replace(/:"/, ':"\\u0000'),
  (text) => text.replaceAll('"', "'"),
  (text) => `/* */${text}`,
  (text) => `${' \n'.repeat(5_000)}${text}`,
  () => '',
  () => 'NaN',
  () => '{"a":undefined}',
]

/** JSON from values of a schema: unchanged, with one change, with damaged text, or from unrelated values. */
export const jsonTexts = (values: fc.Arbitrary<unknown>): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 3, arbitrary: values.map((value) => JSON.stringify(value)) },
    { weight: 5, arbitrary: withOneChange(values).map((value) => JSON.stringify(value)) },
    {
      weight: 2,
      arbitrary: fc
        .tuple(values, fc.constantFrom(...TEXT_CHANGES))
        .map(([value, damage]) => damage(JSON.stringify(value))),
    },
    { weight: 1, arbitrary: strangeValue.map((value) => JSON.stringify(value)) },
  )

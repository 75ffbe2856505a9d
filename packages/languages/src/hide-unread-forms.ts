/**
 * Forms that Node runs and lezer cannot read (1.5 of @lezer/javascript). The first group stays, the second is hidden. In a
 * string this changes nothing. Every part has a greatest length, so that hostile texts cost little.
 */
const IN_BOTH: readonly RegExp[] = [
  // import data from './data.json' with { type: 'json' }
  /(\b(?:from|import)\s?(?:"[^"\n]{1,200}"|'[^'\n]{1,200}'))(\s{1,4}with\s?\{[^{}]{0,200}\})/g,
]
const IN_TYPESCRIPT: readonly RegExp[] = [
  // catch (error: unknown)
  /(\bcatch\s?\(\s?[\w$]{1,80})(\s?:\s?(?:unknown|any))(?=\s?\))/g,
  // (value: unknown): value is string => …
  /(\)\s?:\s?)((?:asserts\s)?[\w$]{1,80}\sis)(?=\s)/g,
  // let fs: typeof import('fs')
  /()(:\s?typeof\simport\(\s?(?:"[^"\n]{1,200}"|'[^'\n]{1,200}')\s?\))/g,
  // T extends `${infer Head extends string}-x` ? Head : never
  /(\binfer\s[\w$]{1,80})(\sextends\s[\w$]{1,80})/g,
  // let size!: number
  /(\b(?:let|var)\s[\w$]{1,80})(!)(?=\s?:)/g,
  // import fs = require('fs')
  /()(^import)(?=\s[\w$]{1,80}\s?=)/gm,
  // @tag and, on the next line, export class
  /(^@.{1,400}\n)(export(?:\sdefault)?)(?=\s(?:abstract\s)?class\b)/gm,
]

/** The text with spaces instead of what lezer cannot read, so that all positions stay. */
export const hideUnreadForms = (text: string, language: 'javascript' | 'typescript'): string =>
  (language === 'javascript' ? IN_BOTH : [...IN_BOTH, ...IN_TYPESCRIPT]).reduce(
    (rest, form) => rest.replace(form, (_, kept: string, hidden: string) => kept + hidden.replace(/[^\n]/g, ' ')),
    text,
  )

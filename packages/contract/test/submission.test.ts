import { describe, expect, it } from 'vitest'
import { chooseLimits, createSubmissionSchema, LIMIT_NAMES, LIMITS, PROGRAM } from '../src/public/index.ts'

const schema = createSubmissionSchema(LIMITS)
const file = (path: string, content = 'x', encoding = 'utf8') => ({ path, content, encoding })

/** All faults of `submission` in one string; empty if there is none. */
const faults = (submission: unknown): string => {
  const result = schema.safeParse(submission)
  return result.success ? '' : result.error.issues.map(({ message }) => message).join('; ')
}

const refused: [string, unknown, string | RegExp][] = [
  ['nothing', {}, 'Nothing to run'],
  ['an empty program', { code: ' \n' }, '`code` is empty'],
  ['both code and files', { code: 'x', files: [file('a')] }, 'send one of them'],
  ['an entry with code', { code: 'x', entry: 'a' }, '`entry`'],
  ['an unknown field', { code: 'x', image: 'y' }, /image/],
  ['a number as code', { code: 1 }, /string/],
  ['a lone surrogate', { code: '\ud800' }, 'lone surrogate'],
  ['no files', { files: [] }, /./],
  ['an entry that is not there', { files: [file('a')], entry: 'b' }, 'Cannot find the entry "b"'],
  ['an empty entry file', { files: [file('a', '')] }, '"a" is empty'],
  ...['../a', 'a/../../b', '/etc/passwd', 'a//b', 'a/', './a', '', 'a\\b', 'C:x', 'a\0b', 'a\nb', 'x'.repeat(256)].map(
    (path): [string, unknown, string] => [
      `the path ${JSON.stringify(path).slice(0, 20)}`,
      { files: [file(path)] },
      'Cannot use the path',
    ],
  ),
  ['a path twice', { files: [file('a'), file('a')], entry: 'a' }, 'names "a" twice'],
  ['one name in two Unicode forms', { files: [file('\u00e9'), file('e\u0301')], entry: '\u00e9' }, 'twice'],
  ['a file that is also a folder', { files: [file('a'), file('a/b')], entry: 'a' }, 'both as a file and as a folder'],
  [
    'too many folders',
    { files: ['a', 'b', 'c'].map((top) => file(`${top}/${'d/'.repeat(400)}f`)), entry: 'a' },
    'files and folders',
  ],
  ['an unknown encoding', { files: [file('a', 'x', 'latin1')] }, /./],
  ['invalid base64', { files: [file('a', '%%%%', 'base64')] }, 'is not base64'],
  ['base64 without its padding', { files: [file('a', 'YQ', 'base64')] }, 'is not base64'],
  ['too many args', { code: 'x', args: Array.from({ length: PROGRAM.args + 1 }, () => '') }, /./],
  ['NUL in an arg', { code: 'x', args: ['a\0'] }, 'NUL'],
  ['too much in args', { code: 'x', args: ['x'.repeat(PROGRAM.argsAndEnvBytes)] }, 'Cannot pass more than'],
  ...['1a', 'a-b', 'a=b', '', 'ä'].map((name): [string, unknown, string] => [
    `the variable ${name}`,
    { code: 'x', env: { [name]: '1' } },
    '',
  ]),
  ['too much stdin', { code: 'x', stdin: 'x'.repeat(PROGRAM.stdinBytes + 1) }, 'bytes of stdin'],
]

describe('A submission', () => {
  it.each(refused)('is refused for %s', (_name, submission, message) => {
    expect(schema.safeParse(submission).success).toBe(false)
    expect(faults(submission)).toMatch(message)
  })

  it.each(LIMIT_NAMES)('may choose %s only within its bounds', (name) => {
    const { minimum, maximum, default: fallback } = LIMITS[name]
    for (const value of [0, -1, 1.5, Number.NaN, '10', null, minimum - 1, maximum + 1]) {
      expect(faults({ code: 'x', limits: { [name]: value } }), String(value)).toContain(`Cannot read limits.${name}`)
    }
    for (const value of [minimum, maximum]) {
      expect(schema.parse({ code: 'x', limits: { [name]: value } }).limits[name]).toBe(value)
    }
    expect(schema.parse({ code: 'x' }).limits[name]).toBeUndefined()
    expect(chooseLimits({}, LIMITS)[name]).toBe(fallback)
    expect(chooseLimits({}, LIMITS, { [name]: minimum })[name]).toBe(minimum)
    expect(chooseLimits({ [name]: maximum }, LIMITS, { [name]: minimum })[name]).toBe(maximum)
  })

  it('keeps all values, byte for byte', () => {
    const given = {
      files: [file('src/ä b.py', '\u{1f600}\0'), file('data.bin', 'AP8=', 'base64')],
      entry: 'src/ä b.py',
      args: ['', '😀\n'],
      env: { _A1: '=' },
      stdin: '\0',
      interactive: true,
    }
    expect(schema.parse(given)).toMatchObject(given)
  })
})

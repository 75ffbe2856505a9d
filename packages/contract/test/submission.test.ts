import { describe, expect, it } from 'vitest'
import { chooseLimits, createSubmissionSchema, LIMIT_NAMES, LIMITS, PROGRAM } from '../src/public/index.ts'

const schema = createSubmissionSchema(LIMITS)
const file = (path: string, content = 'x', encoding = 'utf8') => ({ path, content, encoding })

/** All faults of `submission`, each with its place; empty if there is none. The fault of a name in a record is one level deeper. */
const faults = (submission: unknown): string[] => {
  const { error } = schema.safeParse(submission)
  return (error?.issues ?? []).flatMap((issue) => {
    const messages = issue.code === 'invalid_key' ? issue.issues.map(({ message }) => message) : [issue.message]
    return messages.map((message) => `${issue.path.join('.')}: ${message}`)
  })
}

const FILE_ID = `file_${'0'.repeat(32)}`
const SURROGATE = 'it has a lone surrogate, which UTF-8 cannot encode'
const PATH_FAULTS = {
  '../a': 'has the segment ".."',
  'a/../../b': 'has the segment ".."',
  '/etc/passwd': 'is absolute; give it relative to the workspace',
  'a//b': 'has an empty segment',
  'a/': 'has an empty segment',
  './a': 'has the segment "."',
  '': 'is empty',
  'a\\b': 'has a backslash or a control character',
  'C:x': 'starts with a drive letter',
  'a\0b': 'has a NUL character',
  'a\nb': 'has a backslash or a control character',
  ['x'.repeat(256)]: 'has a segment longer than 255 bytes',
}

const refused: [name: string, submission: unknown, fault: string][] = [
  ['nothing', {}, ': Nothing to run: send `code`, or `files` with an `entry`'],
  ['an empty program', { code: ' \n' }, 'code: Nothing to run: `code` is empty'],
  ['both code and files', { code: 'x', files: [file('a')] }, ': Cannot run both `code` and `files`: send one of them'],
  ['an entry with code', { code: 'x', entry: 'a' }, 'entry: Cannot use `entry` with `code`: it goes with `files`'],
  ['an unknown field', { code: 'x', image: 'y' }, ': Unrecognized key: "image"'],
  ['a number as code', { code: 1 }, 'code: Invalid input: expected string, received number'],
  ['a lone surrogate', { code: '\ud800' }, `code: Cannot read code: ${SURROGATE}`],
  ['no files', { files: [] }, 'files: Too small: expected array to have >=1 items'],
  [
    'an entry that is not there',
    { files: [file('a')], entry: 'b' },
    'entry: Cannot find the entry "b" among the files',
  ],
  [
    'a file with both content and id',
    { files: [{ ...file('a'), fileId: FILE_ID }] },
    'files.0: Cannot read the file "a": send its `content`, or the `fileId` of an uploaded file',
  ],
  [
    'a file without both',
    { files: [{ path: 'a' }] },
    'files.0: Cannot read the file "a": send its `content`, or the `fileId` of an uploaded file',
  ],
  [
    'an uploaded file to run',
    { files: [file('a'), { path: 'b', fileId: FILE_ID }], entry: 'b' },
    'files: Cannot run "b": it is an uploaded file; send the file that is run with its `content`',
  ],
  [
    'a pattern that leaves the workspace',
    { code: 'x', artifacts: ['../*'] },
    'artifacts.0: Cannot keep artifacts by the pattern "../*": it has the segment ".."',
  ],
  [
    'a pattern with ** in a name',
    { code: 'x', artifacts: ['a**/b'] },
    'artifacts.0: Cannot keep artifacts by the pattern "a**/b": it has "**" beside something else between two slashes',
  ],
  ['an empty entry file', { files: [file('a', '')] }, 'files: Nothing to run: "a" is empty'],
  ...Object.entries(PATH_FAULTS).map(([path, fault]): [string, unknown, string] => [
    `the path ${JSON.stringify(path).slice(0, 20)}`,
    { files: [file(path)] },
    `files.0.path: Cannot use the path ${JSON.stringify(path)}: it ${fault}`,
  ]),
  [
    'a path twice',
    { files: [file('a'), file('a')], entry: 'a' },
    'files: Cannot lay out the files: the list names "a" twice',
  ],
  [
    'one name in two Unicode forms',
    { files: [file('\u00e9'), file('e\u0301')], entry: '\u00e9' },
    'files: Cannot lay out the files: the list names "\u00e9" twice',
  ],
  [
    'a file that is also a folder',
    { files: [file('a'), file('a/b')], entry: 'a' },
    'files: Cannot lay out the files: the list has "a" both as a file and as a folder',
  ],
  [
    'too many folders',
    {
      files: [file('main.py'), ...['a', 'b', 'c'].map((top) => file(`${top}/${'d/'.repeat(400)}f`))],
      entry: 'main.py',
    },
    'files: Cannot lay out the files: the list needs more than 1000 files and folders',
  ],
  [
    'an unknown encoding',
    { files: [file('a', 'x', 'latin1')] },
    'files.0.encoding: Invalid option: expected one of "utf8"|"base64"',
  ],
  [
    'invalid base64',
    { files: [file('a', '%%%%', 'base64')] },
    'files.0.content: Cannot read the content of "a": it is not base64',
  ],
  [
    'base64 without its padding',
    { files: [file('a', 'YQ', 'base64')] },
    'files.0.content: Cannot read the content of "a": it is not base64',
  ],
  [
    'isolation "tenant"',
    { code: 'x', isolation: 'tenant' },
    'isolation: Cannot use isolation "tenant" any more: send "job", or leave it out; it is the default, as fast, and nothing that a job leaves outlives it',
  ],
  [
    'an unknown isolation',
    { code: 'x', isolation: 'none' },
    'isolation: Invalid option: expected one of "job"|"container"',
  ],
  [
    'too many args',
    { code: 'x', args: Array.from({ length: PROGRAM.args + 1 }, () => '') },
    'args: Too big: expected array to have <=256 items',
  ],
  ['NUL in an arg', { code: 'x', args: ['a\0'] }, 'args.0: Cannot pass this text to a program: it has a NUL character'],
  [
    'too much in args',
    { code: 'x', args: ['x'.repeat(PROGRAM.argsAndEnvBytes)] },
    ': Cannot pass more than 65536 bytes of args and env together',
  ],
  ...['1a', 'a-b', 'a=b', '', 'ä'].map((name): [string, unknown, string] => [
    `the variable ${name}`,
    { code: 'x', env: { [name]: '1' } },
    `env.${name}: Cannot use ${JSON.stringify(name)} as an environment variable's name: use letters, digits and _, and do not start with a digit`,
  ]),
  [
    'too much stdin',
    { code: 'x', stdin: 'x'.repeat(PROGRAM.stdinBytes + 1) },
    'stdin: Cannot take more than 1048576 bytes of stdin at once: send the rest to POST /v1/jobs/:id/stdin',
  ],
]

describe('A submission', () => {
  it.each(refused)('is refused for %s', (_name, submission, fault) => {
    expect(faults(submission)).toEqual([fault])
  })

  it.each(LIMIT_NAMES)('may choose %s only within its bounds', (name) => {
    const { minimum, maximum, default: fallback } = LIMITS[name]
    for (const value of [0, -1, 1.5, Number.NaN, '10', null, minimum - 1, maximum + 1]) {
      const shown = value === '10' ? '"10"' : Number.isNaN(value) ? 'null' : `${value}`
      expect(faults({ code: 'x', limits: { [name]: value } })).toEqual([
        `limits.${name}: Cannot read limits.${name}: ${shown} is not a whole number from ${minimum} to ${maximum}`,
      ])
    }
    for (const value of [minimum, maximum]) {
      expect(schema.parse({ code: 'x', limits: { [name]: value } }).limits[name]).toBe(value)
    }
    expect(schema.parse({ code: 'x' }).limits[name]).toBeUndefined()
    expect(chooseLimits({}, LIMITS)[name]).toBe(fallback)
    expect(chooseLimits({}, LIMITS, { [name]: minimum })[name]).toBe(minimum)
    expect(chooseLimits({ [name]: maximum }, LIMITS, { [name]: minimum })[name]).toBe(maximum)
  })

  it.each(['cols', 'rows'])('has %s of 1 to 500 for its terminal, and none without one', (side) => {
    expect(faults({ code: 'x', [side]: 80 })).toEqual([
      `${side}: Cannot use \`${side}\` without a terminal: send \`tty: true\` with it`,
    ])
    for (const value of [1, 500]) expect(faults({ code: 'x', tty: true, [side]: value })).toEqual([])
    for (const value of [0, 501, 1.5, '80', null]) {
      const found = faults({ code: 'x', tty: true, [side]: value })
      expect([value, found.length, found[0]?.startsWith(`${side}: `)]).toEqual([value, 1, true])
    }
  })

  it('may serve, for a time of its own, and then keeps no artifacts', () => {
    const { serve, timeoutMs, idleTimeoutMs } = schema.parse({
      code: 'x',
      serve: true,
      timeoutMs: 1_000,
      idleTimeoutMs: 2_000,
    })
    expect([serve, timeoutMs, idleTimeoutMs]).toEqual([true, 1_000, 2_000])
    const refusals = (given: object) => schema.safeParse({ code: 'x', ...given }).error?.issues.map(({ path }) => path)
    expect(refusals({ serve: true, artifacts: ['*'] })).toEqual([['artifacts']])
    expect(refusals({ timeoutMs: 1_000, idleTimeoutMs: 1_000 })).toEqual([['timeoutMs'], ['idleTimeoutMs']])
    expect(refusals({ serve: true, timeoutMs: 86_400_001 })).toEqual([['timeoutMs']])
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
    expect(schema.parse(given)).toEqual({
      ...given,
      isolation: 'job',
      cancelOnDisconnect: false,
      tty: false,
      serve: false,
      public: false,
      console: true,
      limits: {},
    })
  })
})

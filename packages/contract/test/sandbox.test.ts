import { describe, expect, test } from 'vitest'
import {
  createCommandRequestSchema,
  createSandboxRequestSchema,
  createSandboxTimesSchema,
  LIMITS,
  SANDBOX_LIMITS,
  sandboxListQuerySchema,
} from '../src/public/index.ts'

const sandboxSchema = createSandboxRequestSchema(SANDBOX_LIMITS)
const commandSchema = createCommandRequestSchema({ ...SANDBOX_LIMITS, outputBytes: LIMITS.outputBytes })

const messagesOf = (result: { error?: { issues: { message: string }[] } | undefined }): string[] | undefined =>
  result.error?.issues.map(({ message }) => message)

describe('The body that makes a sandbox', () => {
  test('may be empty: then it has the default work folder, no files and nothing in its environment', () => {
    expect(sandboxSchema.parse({})).toEqual({
      limits: {},
      env: {},
      workDir: '/home/user',
      metadata: {},
      autoResume: false,
      public: false,
      files: [],
    })
  })

  test.for([
    [{ timeoutMs: 999 }, 'Cannot read timeoutMs: 999 is not a whole number from 1000 to 86400000'],
    [
      { limits: { memoryBytes: 1 } },
      'Cannot read limits.memoryBytes: 1 is not a whole number from 67108864 to 4294967296',
    ],
    [{ workDir: 'src' }, 'Cannot use this workDir: it must be absolute'],
    [{ workDir: '/a\0b' }, 'Cannot use this path: it has a NUL character'],
    [{ metadata: { '': 'x' } }, 'Cannot use this key of metadata: it is empty'],
    [{ metadata: { user: 'x'.repeat(513) } }, 'Cannot use this value of metadata: it has more than 512 characters'],
    [
      { files: [{ path: `/${'x'.repeat(256)}`, content: '' }] },
      'Cannot use this path: it has a name longer than 255 bytes',
    ],
    [
      { files: [{ path: '/etc/x', content: '' }] },
      'Cannot write "/etc/x": it is not below /home/user, /mnt/data, /tmp, /workspace or /dev/shm',
    ],
    [
      { workDir: '/tmp/a', files: [{ path: '../../x', content: '' }] },
      'Cannot write "../../x": it is not below /home/user, /mnt/data, /tmp, /workspace or /dev/shm',
    ],
    [
      { files: ['a/b', './a/b'].map((path) => ({ path, content: '' })) },
      'Cannot write the files: ["a/b","./a/b"] are one path',
    ],
    [
      { files: ['/home/user/a/b/c', 'a'].map((path) => ({ path, content: '' })) },
      'Cannot write "a": it would be in the way to "/home/user/a/b/c", as a file where a folder must be',
    ],
    [
      { workDir: '/home/user/a', files: [{ path: '../a', content: '' }] },
      'Cannot write "../a": it would be in the way to "/home/user/a", as a file where a folder must be',
    ],
    [{ files: [{ path: '/x'.repeat(2_048), content: '' }] }, 'Cannot use this path: it is longer than 4095 bytes'],
    [{ files: [{ path: 'a', content: '*', encoding: 'base64' }] }, 'Cannot read the content of "a": it is not base64'],
    [
      { files: [{ path: 'a', content: 'x'.repeat(1024 * 1024) }] },
      'Cannot take more than 1048576 bytes of files here: upload larger ones first, or write them when it runs',
    ],
  ] as const)('is refused with one sentence: %j', ([body, message]) => {
    const faults = sandboxSchema.safeParse(body).error?.issues ?? []
    // Zod puts the faults of a key inside of one fault of the record.
    expect(faults.map((fault) => (fault.code === 'invalid_key' ? fault.issues[0]?.message : fault.message))).toEqual([
      message,
    ])
  })
})

describe('The body that changes the times of a sandbox', () => {
  test('must change something', () => {
    expect(messagesOf(createSandboxTimesSchema(SANDBOX_LIMITS).safeParse({}))).toEqual([
      'Nothing to change: send timeoutMs, or idleTimeoutMs, or both',
    ])
  })
})

describe('The body that starts a command', () => {
  test('is a line for the shell, or a program with its arguments', () => {
    const rest = { env: {}, stdin: '', background: false, tty: false }
    expect(commandSchema.parse({ command: 'ls | wc -l' })).toEqual({ ...rest, command: 'ls | wc -l' })
    expect(commandSchema.parse({ command: 'ls', args: [] })).toEqual({ ...rest, command: 'ls', args: [] })
  })

  test.for([
    [{ command: ' ' }, 'Nothing to run: `command` is empty'],
    [{ command: 'a\0' }, 'Cannot run this command: it has a NUL character'],
    [{ command: 'ls', cols: 80 }, 'Cannot use `cols` without a terminal: send `tty: true` with it'],
    [
      { command: 'ls', background: true, outputBytes: 10 },
      'Cannot use `outputBytes` with `background`: such a command is never ended for printing',
    ],
    [{ command: 'ls', timeoutMs: 1 }, 'Cannot read timeoutMs: 1 is not a whole number from 10 to 86400000'],
  ] as const)('is refused with one sentence: %j', ([body, message]) => {
    expect(messagesOf(commandSchema.safeParse(body))).toEqual([message])
  })
})

describe('The query that lists sandboxes', () => {
  test('reads several statuses and several entries of metadata, whose values may have "="', () => {
    expect(
      sandboxListQuerySchema.parse({ status: 'running,paused', metadata: ['user=ann', 'query=a=b'], limit: '5' }),
    ).toEqual({ status: ['running', 'paused'], metadata: { user: 'ann', query: 'a=b' }, limit: 5 })
  })

  test.for([
    [{ status: 'gone' }, 'Cannot filter by the status "gone": use one or several of queued, running, paused, ended'],
    [{ metadata: 'ann' }, 'Cannot filter by the metadata "ann": write metadata=key=value'],
    [{ limit: '101' }, 'it must be a whole number from 1 to 100'],
  ] as const)('is refused with one sentence: %j', ([query, message]) => {
    expect(messagesOf(sandboxListQuerySchema.safeParse(query))).toEqual([message])
  })
})

import { describe, expect, test } from 'vitest'
import { createDraft, createExample, createFile, EXAMPLE } from '../src/views/run/draft/draft.ts'
import { fromProgram } from '../src/views/run/draft/from-program.ts'
import { readDraft } from '../src/views/run/draft/read-draft.ts'
import { withFiles } from '../src/views/run/draft/read-dropped.ts'
import { toSubmission, withLimits } from '../src/views/run/draft/to-submission.ts'

describe('A draft', () => {
  test('of one file without a name of its own is sent as code, on a terminal', () => {
    expect(toSubmission(createExample())).toEqual({ submission: { code: EXAMPLE, tty: true } })
  })

  test('is sent with all that was typed beside the program', () => {
    const draft = {
      ...createDraft([createFile('run.py', 'print(1)'), createFile('data.bin', 'AAE=', 'base64')]),
      language: 'python',
      args: 'one\ntwo words\n',
      env: 'A=1\n\nB=x=y',
      stdin: 'hello\n',
      limits: { wallSeconds: '1.5', cpuSeconds: '', memoryMiB: '512', outputMiB: '', processes: '8', diskMiB: '' },
      tty: false,
    }
    expect(toSubmission(draft)).toEqual({
      submission: {
        files: [
          { path: 'run.py', content: 'print(1)', encoding: 'utf8' },
          { path: 'data.bin', content: 'AAE=', encoding: 'base64' },
        ],
        entry: 'run.py',
        language: 'python',
        args: ['one', 'two words'],
        env: { A: '1', B: 'x=y' },
        stdin: 'hello\n',
        limits: { wallMs: 1_500, memoryBytes: 536_870_912, processes: 8 },
        tty: false,
      },
    })
  })

  test.each([
    ['no program', { files: [createFile('main.py', ' \n')] }, 'There is no program yet. Type one, or paste it.'],
    [
      'more than 1 MiB of source',
      { files: [createFile('main.py', '#'.repeat(1_048_577))] },
      'A program can have 1 MiB of source; this one has 1.00 MiB. Make it shorter.',
    ],
    [
      '501 files',
      { files: Array.from({ length: 501 }, (_, n) => createFile(`${n}.py`, '1')) },
      'A program can have 500 files; this one has 501. Take some away.',
    ],
    ['a line that is no variable', { env: 'A=1\nB' }, 'Line 2 of the environment is not NAME=value'],
    [
      'a limit that is no number',
      { limits: { ...createExample().limits, memoryMiB: 'much' } },
      'Memory must be a number above 0, in MiB',
    ],
  ])('with %s says why it cannot be sent', (_, part, sentence) => {
    expect(toSubmission({ ...createExample(), ...part })).toMatchObject({ fault: { sentence } })
  })

  test('is the same after it was kept and read again', () => {
    const draft = { ...createExample(), stdin: 'a', jobId: 'job_1', tty: false }
    expect(readDraft(JSON.stringify(draft))).toEqual(draft)
  })

  test.each([null, '', '{', '[]', '{"files": []}', '{"files": [1]}'])('is not read from %s', (kept) => {
    expect(readDraft(kept)).toBeUndefined()
  })

  test('takes a raised limit in the unit in which it is typed', () => {
    expect(withLimits(createExample(), { memoryBytes: 536_870_912, wallMs: 60_000 }).limits).toMatchObject({
      memoryMiB: '512',
      wallSeconds: '60',
    })
  })
})

describe('Files that are dropped', () => {
  test('take the place of the example, and the one called main runs', () => {
    const draft = withFiles(createExample(), [createFile('lib.py', '1'), createFile('main.py', 'import lib')])
    expect(draft.files.map(({ path }) => path)).toEqual(['lib.py', 'main.py'])
    expect(draft.files.find(({ id }) => id === draft.entryId)?.path).toBe('main.py')
  })

  test('are added to a program that was typed, and replace files of the same path', () => {
    const typed = createDraft([createFile('main.py', 'import data'), createFile('data.py', 'old')])
    const draft = withFiles(typed, [createFile('data.py', 'new')])
    expect(draft.files.map(({ path, content }) => [path, content])).toEqual([
      ['main.py', 'import data'],
      ['data.py', 'new'],
    ])
    expect(draft.entryId).toBe(typed.entryId)
  })
})

test('a copy of a run has its program, its limits, and the names of its variables', () => {
  const draft = fromProgram({
    jobId: 'job_1',
    language: 'python',
    code: 'print(1)',
    entry: 'main.py',
    args: ['a', 'b'],
    envNames: ['TOKEN'],
    stdin: 'x',
    interactive: false,
    tty: false,
    isolation: 'job',
    limits: {
      wallMs: 30_000,
      cpuMs: 10_000,
      memoryBytes: 268_435_456,
      outputBytes: 1_048_576,
      processes: 64,
      diskBytes: 67_108_864,
    },
  })
  expect(draft).toMatchObject({
    files: [{ path: 'main.py', content: 'print(1)', encoding: 'utf8' }],
    args: 'a\nb',
    env: 'TOKEN=',
    stdin: 'x',
    tty: false,
    limits: { wallSeconds: '30', cpuSeconds: '10', memoryMiB: '256', outputMiB: '1', processes: '64', diskMiB: '64' },
  })
})

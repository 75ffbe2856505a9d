import { join } from 'node:path'
import { createContext, runInContext } from 'node:vm'
import { rolldown } from 'rolldown'
import { expect, test } from 'vitest'

const PUBLIC = join(import.meta.dirname, '../src/public/index.ts')

/** Bundles one script for browsers. Every warning of the bundler fails, because it means an import that browsers do not have. */
const bundleForBrowsers = async (): Promise<string> => {
  await using bundle = await rolldown({
    input: PUBLIC,
    platform: 'browser',
    onLog(level, { message }) {
      throw new Error(`${level}: ${message}`)
    },
  })
  const { output } = await bundle.generate({ format: 'iife', name: 'contract' })
  expect(output).toHaveLength(1)
  return output[0].code
}

/** The browser globals that the contract may use, and nothing of Node: no Buffer, no process, no require. */
const createBrowser = () => createContext({ TextEncoder, TextDecoder, URL })

const JOB_ID = `job_${'0'.repeat(32)}`
const EVENT = {
  type: 'stdout',
  jobId: JOB_ID,
  id: '1-2',
  at: '2026-01-01T00:00:00.000Z',
  encoding: 'base64',
  data: '/wA=',
}

test('The public contract runs in a browser: it reads submissions and events, and carries any bytes', async () => {
  const browser = createBrowser()
  runInContext(await bundleForBrowsers(), browser)
  const run = (code: string): unknown => JSON.parse(runInContext(`JSON.stringify(${code})`, browser))

  expect(run('[typeof Buffer, typeof process, typeof require]')).toEqual(['undefined', 'undefined', 'undefined'])
  expect(
    run(`contract.createSubmissionSchema(contract.LIMITS).parse({ code: 'print("é")', stdin: 'x' })`),
  ).toMatchObject({
    code: 'print("é")',
    stdin: 'x',
    isolation: 'job',
  })
  expect(run(`contract.createSubmissionSchema(contract.LIMITS).safeParse({ code: '' }).error.issues`)).toEqual([
    { code: 'custom', path: ['code'], message: 'Nothing to run: `code` is empty' },
  ])
  expect(run(`contract.jobEventSchema.parse(${JSON.stringify(EVENT)})`)).toEqual(EVENT)
  expect(run(`[...contract.toBytes(${JSON.stringify(EVENT)})]`)).toEqual([0xff, 0])

  const everyByte = 'Uint8Array.from({ length: 65_536 }, (_, at) => at % 256)'
  expect(run(`contract.toChunk(${everyByte})`)).toMatchObject({ encoding: 'base64' })
  expect(run(`contract.toBytes(contract.toChunk(${everyByte})).every((byte, at) => byte === at % 256)`)).toBe(true)
  expect(run(`contract.toChunk(contract.toBytes({ encoding: 'utf8', data: '\\ufeffh€' }))`)).toEqual({
    encoding: 'utf8',
    data: '\ufeffh€',
  })
})

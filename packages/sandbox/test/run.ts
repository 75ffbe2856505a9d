import type { Control } from '@runnel/contract/internal'
import { defaultLimits, type Limits, type Outcome, type Program, type Usage } from '@runnel/contract/public'
import { findLanguage } from '@runnel/languages'
import { expect } from 'vitest'
import type { LeaseRequest, Sandbox, Sandboxes } from '../src/index.ts'

export interface RunOptions {
  readonly language?: string
  /** The whole program, or files by path. */
  readonly source: string | Readonly<Record<string, string>>
  readonly program?: Partial<Program>
  readonly limits?: Partial<Limits>
  /** `acme` without it. */
  readonly tenantId?: string
  /** `job` without it: in a cell of its tenant. */
  readonly isolation?: LeaseRequest['isolation']
  readonly signal?: AbortSignal
  readonly controls?: AsyncIterable<Control>
  /** Called with every piece of output. Reading waits for a returned promise. */
  readonly onOutput?: (bytes: Buffer) => void | Promise<void>
  /** Whether the result has the output; false if it is too large to keep. */
  readonly keepsOutput?: boolean
  readonly onSandbox?: (sandbox: Sandbox) => void
}

export interface RunResult {
  readonly stdout: Buffer
  readonly stderr: Buffer
  readonly outcome: Outcome
  readonly usage: Usage
  readonly warm: boolean
}

const never = new AbortController().signal

async function* noControls(): AsyncGenerator<Control> {}

const toProgram = (language: string, source: RunOptions['source'], over: Partial<Program> = {}): Program => {
  const fileName = findLanguage(language)?.fileName ?? 'main'
  const contents = typeof source === 'string' ? { [fileName]: source } : source
  const files = Object.entries(contents).map(([path, content]) => ({ path, content, encoding: 'utf8' as const }))
  return { language, files, entry: fileName, args: [], env: {}, stdin: '', interactive: false, ...over }
}

/** Runs one program to its end in a sandbox that is leased already. */
export const runInside = async (sandbox: Sandbox, options: RunOptions): Promise<RunResult> => {
  const { language = 'python', signal = never, controls = noControls() } = options
  const limits = { ...defaultLimits(), ...options.limits }
  const printed = { stdout: [] as Buffer[], stderr: [] as Buffer[] }
  const program = toProgram(language, options.source, options.program)
  for await (const event of sandbox.run({ program, limits, signal, controls })) {
    if (event.type === 'ended') {
      const { outcome, usage } = event
      const [stdout, stderr] = [Buffer.concat(printed.stdout), Buffer.concat(printed.stderr)]
      return { stdout, stderr, outcome, usage, warm: sandbox.warm }
    }
    if (options.keepsOutput !== false) printed[event.stream].push(event.bytes)
    await options.onOutput?.(event.bytes)
  }
  throw new Error('The run ended without saying how')
}

/** Leases a sandbox, runs one program in it to its end, and releases the sandbox. */
export const run = async (sandboxes: Sandboxes, options: RunOptions): Promise<RunResult> => {
  const { language = 'python', signal = never, tenantId = 'acme', isolation = 'job' } = options
  const limits = { ...defaultLimits(), ...options.limits }
  await using sandbox = await sandboxes.lease({ language, limits, isolation, tenantId }, signal)
  options.onSandbox?.(sandbox)
  // Awaited here: the sandbox must outlive the run.
  return await runInside(sandbox, options)
}

/** Runs a program that must exit with 0 and print nothing on standard error. Returns its standard output. */
export const runCleanly = async (sandboxes: Sandboxes, options: RunOptions): Promise<string> => {
  const { stdout, stderr, outcome } = await run(sandboxes, options)
  expect({ stderr: stderr.toString(), outcome }).toEqual({ stderr: '', outcome: { type: 'exited', exitCode: 0 } })
  return stdout.toString()
}

import { expect } from 'vitest'
import type { CommandRequest, HeldProcess, HeldSandbox, HoldRequest, Sandboxes, Task } from '../src/index.ts'

const MIB = 1024 * 1024

export const LASTING_LIMITS = { memoryBytes: 256 * MIB, diskBytes: 64 * MIB, processes: 64 }

export const hold = (sandboxes: Sandboxes, over: Partial<HoldRequest> = {}): Promise<HeldSandbox> => {
  const request = { sandboxId: 'sbx-1', tenantId: 'acme', template: 'python', limits: LASTING_LIMITS, env: {}, ...over }
  return sandboxes.hold(request, new AbortController().signal)
}

/** A line for a shell. */
export const toCommand = (line: string, over: Partial<CommandRequest> = {}): CommandRequest => ({
  argv: ['bash', '-c', line],
  wallMs: 20_000,
  cpuMs: null,
  outputBytes: null,
  ...over,
})

/** Reads all that it prints, and how it ended. */
export const finish = async (process: HeldProcess) => {
  const printed = { stdout: [] as Buffer[], stderr: [] as Buffer[] }
  for await (const { stream, bytes } of process.output) printed[stream].push(bytes)
  const { outcome, usage } = await process.exit
  return { stdout: Buffer.concat(printed.stdout), stderr: Buffer.concat(printed.stderr).toString(), outcome, usage }
}

/** Runs a line of shell to its end. */
export const runLine = async (sandbox: HeldSandbox, line: string, over: Partial<CommandRequest> = {}) => {
  const { stdout, ...rest } = await finish(sandbox.start(toCommand(line, over)))
  return { ...rest, stdout: stdout.toString() }
}

/** The output of a task that must work. */
export const runTask = async (sandbox: HeldSandbox, task: Task, input?: Uint8Array): Promise<Buffer> => {
  const process = sandbox.task(task)
  if (input !== undefined) await process.write(input)
  process.end()
  const { stdout, stderr, outcome } = await finish(process)
  if (outcome.type !== 'exited' || outcome.exitCode !== 0) throw new Error(`${JSON.stringify(outcome)} ${stderr}`)
  return stdout
}

/** Its lines of JSON. */
export const readLines = (printed: Buffer): Record<string, unknown>[] =>
  printed
    .toString()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))

/** The code of a task that must fail. */
export const failTask = async (sandbox: HeldSandbox, task: Task, input = Buffer.of()): Promise<unknown> => {
  const process = sandbox.task(task)
  await process.write(input)
  process.end()
  const { stdout, stderr, outcome } = await finish(process)
  expect([stdout.length, outcome]).toEqual([0, { type: 'exited', exitCode: 1 }])
  return JSON.parse(stderr).code
}

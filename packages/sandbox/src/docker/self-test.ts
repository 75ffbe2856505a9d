import { defaultLimits } from '@runnel/contract/public'
import { z } from 'zod'
import { runProgram } from '../agent/exec.ts'
import type { Logger } from '../logger.ts'
import type { Container, ContainerRequest } from './container.ts'
import { withDeadline } from './deadline.ts'
import { CELL_PROFILE } from './policy.ts'
import { type CellFailure, explainNoCells, isAppArmorsDoing, SYSCTLS } from './why-no-cells.ts'

/** What programs with isolation `job` get on this host. */
export type CellVerdict =
  | { readonly served: 'job'; readonly appArmor: string | undefined }
  | { readonly served: 'container'; readonly reason: string }

const READY_AGAIN_MS = 10_000

/** Prints what decides whether a process of a container may make namespaces. */
const LOOK = `import json, os
def read(path):
    try:
        with open(path) as file: return file.read().strip("\\n\\0 ")
    except OSError: return None
print(json.dumps({"label": read("/proc/self/attr/current") or "", "kernel": os.uname().release,
    "sysctls": {name: read(f"/proc/sys/{name}") for name in ${JSON.stringify(SYSCTLS)}}}))`

const seenSchema = z.object({
  label: z.string(),
  kernel: z.string(),
  sysctls: z.record(z.string(), z.string().nullable()),
})

/** The agent of a cell says where it failed in one line, `cell: <step>: <ERRNO>` (packages/agent/src/confinement/cell.py). */
interface Fault {
  /** The one line that says it. */
  readonly message: string
  /** Whether the engine made the container, and the agent in it failed. */
  readonly isAgents: boolean
}

const toFault = (error: unknown): Fault => {
  const reason = error instanceof Error ? error.message : String(error)
  const line = /\bcell: .+: E[A-Z0-9]+$/m.exec(reason)?.[0]
  return { message: line ?? reason.split('\n', 1)[0] ?? reason, isAgents: line !== undefined }
}

async function* noControls(): AsyncGenerator<never> {}

/** Runs it to its end, and returns what it printed. */
const runPython = async ({ connection }: Container, code: string): Promise<string> => {
  const program = { language: 'python', files: [], entry: '', args: [], env: {}, stdin: '', interactive: false }
  const request = { program, limits: defaultLimits(), signal: new AbortController().signal, controls: noControls() }
  const settings = { argv: ['python3', '-I', '-c', code], coldEnv: {}, killGraceMs: 0 }
  let printed = ''
  for await (const event of runProgram(connection, request, settings)) {
    if (event.type === 'output') printed += event.bytes.toString()
    else if (event.outcome.type !== 'exited' || event.outcome.exitCode !== 0)
      throw new Error(`a program ended as ${JSON.stringify(event.outcome)}: ${printed}`)
  }
  return printed
}

/**
 * Finds out at a worker's start whether programs can run in cells here.
 *
 *   one program in a cell ──┬─▶ works: cells
 *                           └─▶ fails: look around in an ordinary container ──┬─▶ AppArmor: once more with our profile
 *                                                                             └─▶ else: containers, and the reason
 *
 * Rejects if not even an ordinary container can be made: then nothing is known yet.
 */
export const testCells = async (options: {
  readonly request: ContainerRequest
  /** `use` gets a container that is removed afterwards. */
  readonly withContainer: <T>(request: ContainerRequest, use: (container: Container) => Promise<T>) => Promise<T>
  readonly readSecurityOptions: () => Promise<readonly string[]>
  readonly log: Logger
}): Promise<CellVerdict> => {
  const { request, withContainer, readSecurityOptions, log } = options

  /** Why a cell with this AppArmor profile does not work; undefined if it does. */
  const tryCell = async (appArmor: string | undefined): Promise<Fault | undefined> => {
    try {
      await withContainer({ ...request, confinement: 'cell', appArmor }, async (cell) => {
        const readyAgain = cell.connection.nextReady()
        if ((await runPython(cell, 'print("cell")')) !== 'cell\n') throw new Error('a program printed nothing')
        await withDeadline(readyAgain, READY_AGAIN_MS, 'ready again')
      })
      return undefined
    } catch (error) {
      return toFault(error)
    }
  }

  const lookAround = async (message: string): Promise<CellFailure> => {
    const printed = await withContainer({ ...request, confinement: 'container', warm: undefined }, (container) =>
      runPython(container, LOOK),
    )
    const securityOptions = await readSecurityOptions()
    return { message, ...seenSchema.parse(JSON.parse(printed)), runtime: request.runtime, securityOptions }
  }

  const fault = await tryCell(undefined)
  if (fault === undefined) return { served: 'job', appArmor: undefined }
  let failure = await lookAround(fault.message)
  if (isAppArmorsDoing(failure)) {
    const ours = await tryCell(CELL_PROFILE)
    if (ours === undefined) return { served: 'job', appArmor: CELL_PROFILE }
    // Otherwise the engine refused to use a profile that is not loaded.
    if (ours.isAgents) failure = { ...failure, message: ours.message, label: CELL_PROFILE }
  }
  const reason = explainNoCells(failure)
  log.warn({ failure }, `Cells do not work on this host, so each program gets a container of its own. ${reason}`)
  return { served: 'container', reason }
}

import { randomUUID } from 'node:crypto'
import { defaultLimits, type Limits } from '@runnel/contract/public'
import { findLanguage, type Language } from '@runnel/languages'
import { RUN_LABEL } from '@runnel/testing'
import Docker from 'dockerode'
import { inject } from 'vitest'
import { runProgram } from '../src/agent/exec.ts'
import { adjustContainer, type Container, startContainer } from '../src/docker/container.ts'
import { createEngine } from '../src/docker/engine.ts'
import { explainLoss } from '../src/docker/loss.ts'
import { type RunRequest, type Sandbox, type Sandboxes, SandboxFailure } from '../src/sandbox.ts'

const KILL_GRACE_MS = 300
const engine = createEngine(new Docker())

const startCell = (language: Language, { memoryBytes, processes, diskBytes }: Limits): Promise<Container> =>
  startContainer(engine, {
    image: `runnel/${language.image}`,
    confinement: 'cell',
    memoryBytes,
    processes,
    diskBytes,
    cpus: 1,
    jobsPerContainer: 1,
    runtime: undefined,
    labels: { [RUN_LABEL]: inject('testRun'), 'runnel.cell-test': randomUUID() },
    warm:
      language.warm === undefined
        ? undefined
        : {
            by: language.warm.by,
            argv: language.command(language.fileName),
            env: language.warm.by === 'barrier' ? language.warm.env : {},
          },
  })

/** The plainest use of cells: one for each program at a time, used again when it is ready again. No tenants, no bounds. */
export const createCellSandboxes = (): Sandboxes => {
  const idle = new Map<string, Container[]>()
  const all = new Set<Container>()

  const obtain = async (language: Language): Promise<Container> => {
    const waiting = idle.get(language.id)?.pop()
    if (waiting !== undefined) return waiting
    const made = await startCell(language, defaultLimits())
    all.add(made)
    return made
  }

  const discard = async (cell: Container) => {
    if (!all.delete(cell)) return
    cell.connection.close(new Error('The cell is no longer needed'))
    await engine.remove(cell.id)
  }

  const toSandbox = (cell: Container, language: Language): Sandbox => {
    let ready: Promise<{ warm: boolean }> | undefined
    let hasEnded = false
    return {
      id: cell.id.slice(0, 12),
      warm: cell.isWarm,
      async *run(request: RunRequest) {
        ready = cell.connection.nextReady()
        const { program } = request
        const [argv, coldEnv] = [language.command(program.entry), language.coldEnv(program)]
        const settings = { argv, coldEnv, killGraceMs: KILL_GRACE_MS, isolation: 'job' } as const
        const startedMs = performance.now()
        try {
          for await (const event of runProgram(cell.connection, request, settings)) {
            hasEnded ||= event.type === 'ended'
            yield event
          }
        } catch (error) {
          const outcome = await explainLoss(engine, cell.id, request.limits, error, performance.now() - startedMs)
          if (outcome === undefined) throw error
          yield outcome
        }
      },
      async [Symbol.asyncDispose]() {
        if (ready === undefined || !hasEnded) return discard(cell)
        try {
          cell.isWarm = (await ready).warm
          idle.set(language.id, [...(idle.get(language.id) ?? []), cell])
        } catch {
          await discard(cell)
        }
      },
    }
  }

  return {
    async lease({ language: id, limits }) {
      const language = findLanguage(id)
      if (language === undefined) throw new SandboxFailure(`There is no language "${id}"`, { programStarted: false })
      try {
        const cell = await obtain(language)
        await adjustContainer(engine, cell, limits)
        return toSandbox(cell, language)
      } catch (cause) {
        throw new SandboxFailure('No cell could be made', { cause, programStarted: false })
      }
    },
    check: async () => {},
    pool: { idle: 0, bound: 0 },
    async [Symbol.asyncDispose]() {
      await Promise.all([...all].map(discard))
    },
  }
}

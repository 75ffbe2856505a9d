import { setTimeout as delay } from 'node:timers/promises'
import { defaultLimits, type Program } from '@runnel/contract/public'
import { findLanguage, LANGUAGES } from '@runnel/languages'
import { createDockerSandboxes, type Sandbox, type Sandboxes } from '@runnel/sandbox'
import type Docker from 'dockerode'
import { openUsage, type Usage } from './container-usage.ts'

const MIB = 1024 * 1024
/** A pause, because after the report of the agent the engine and the kernel still finish the start. */
const SETTLE_MS = 60
const TIDY_MS = 15
/** More than the whole measurement has, so that one cell is in use for all of it. */
const JOBS_PER_CELL = 10_000
const SOURCES: Readonly<Record<string, string>> = {
  python: 'print(1)',
  javascript: 'console.log(1)',
  typescript: 'const one: number = 1\nconsole.log(one)',
  bash: 'echo 1',
}

/** One round of one variant: each value by the name of what was measured. */
export type Sample = Readonly<Record<string, number>>

export interface Variant extends AsyncDisposable {
  readonly measureFresh: () => Promise<Sample>
  readonly measureReused: () => Promise<Sample>
}

async function* noControls() {}

const createProgram = (language: string, code = SOURCES[language] ?? ''): Program => {
  const entry = findLanguage(language)?.fileName ?? 'main'
  const files = [{ path: entry, content: code, encoding: 'utf8' as const }]
  return { language, files, entry, args: [], env: {}, stdin: '', interactive: false }
}

export const createVariant = (docker: Docker, imagePrefix: string, language: string, code?: string): Variant => {
  const limits = defaultLimits()
  const signal = new AbortController().signal
  const sandboxes: Sandboxes = createDockerSandboxes({
    worker: `tricks-${process.pid}-${imagePrefix}`,
    languages: LANGUAGES.filter(({ id }) => id === language),
    imagePrefix,
    poolMin: 0,
    poolMax: 1,
    limits,
    cpus: 1,
    killGraceMs: 300,
    jobsPerCell: JOBS_PER_CELL,
    runtime: undefined,
    log: { info: () => {}, warn: (facts, message) => process.stderr.write(`${message} ${JSON.stringify(facts)}\n`) },
  })
  const program = createProgram(language, code)

  const usages = new Map<string, () => Usage>()
  const readUsage = async (id: string): Promise<Usage> => {
    const read = usages.get(id) ?? (await openUsage(docker, id))
    usages.set(id, read)
    return read()
  }

  const runOnce = async (sandbox: Sandbox) => {
    const started = performance.now()
    let firstByteMs = Number.NaN
    let pieces = 0
    for await (const event of sandbox.run({ program, limits, signal, controls: noControls() })) {
      if (event.type !== 'output') continue
      pieces += 1
      if (Number.isNaN(firstByteMs)) firstByteMs = performance.now() - started
    }
    return { firstByteMs, exitMs: performance.now() - started, pieces }
  }

  return {
    async measureFresh() {
      const startedAt = performance.now()
      // A disk size that the pool does not have: the container is made now, and none is made in the background.
      const request = {
        language,
        limits: { ...limits, diskBytes: limits.diskBytes + MIB },
        isolation: 'container',
        tenantId: 'tricks',
      } as const
      await using sandbox = await sandboxes.lease(request, signal)
      const startMs = performance.now() - startedAt
      await delay(SETTLE_MS)
      const idle = await readUsage(sandbox.id)
      const run = await runOnce(sandbox)
      const { cpuMs } = await readUsage(sandbox.id)
      return {
        'fresh: first byte (ms)': run.firstByteMs,
        'fresh: exit (ms)': run.exitMs,
        'fresh: pieces of output': run.pieces,
        'fresh: processor time of the program (ms)': cpuMs - idle.cpuMs,
        'fresh: processor time until ready (ms)': idle.cpuMs,
        'fresh: start (ms)': startMs,
        'fresh: idle memory (MiB)': idle.memoryMib,
      }
    },
    async measureReused() {
      // Long enough for the container to be ready again: with a second container it would be a different measurement.
      await delay(TIDY_MS)
      let before = 0
      let id = ''
      const run = await (async () => {
        await using sandbox = await sandboxes.lease({ language, limits, isolation: 'job', tenantId: 'tricks' }, signal)
        id = sandbox.id
        before = (await readUsage(id)).cpuMs
        return await runOnce(sandbox)
      })()
      await delay(TIDY_MS)
      const { cpuMs } = await readUsage(id)
      return {
        'reused: first byte (ms)': run.firstByteMs,
        'reused: exit (ms)': run.exitMs,
        'reused: pieces of output': run.pieces,
        'reused: processor time of a job (ms)': cpuMs - before,
      }
    },
    [Symbol.asyncDispose]: () => sandboxes[Symbol.asyncDispose](),
  }
}

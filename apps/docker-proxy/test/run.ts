import { randomUUID } from 'node:crypto'
import type { Control } from '@runnel/contract/internal'
import { defaultLimits, type Limits, type Outcome, type Program } from '@runnel/contract/public'
import { findLanguage, LANGUAGES } from '@runnel/languages'
import { createDockerSandboxes, type LeaseRequest, type Sandboxes } from '@runnel/sandbox'
import Docker from 'dockerode'
import { vi } from 'vitest'
import { ENGINE_SOCKET } from './proxy-fixture.ts'

/** The engine itself, without a proxy. */
export const engine = new Docker({ socketPath: ENGINE_SOCKET })

export interface TestWorker extends Sandboxes {
  /** Its containers, as the engine lists them. */
  containers(): Promise<Docker.ContainerInfo[]>
}

/** Real sandboxes of a worker with this environment, which names the engine. */
export const startWorker = (env: Readonly<Record<string, string>>): TestWorker => {
  const worker = `test-${randomUUID()}`
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value)
  try {
    const sandboxes = createDockerSandboxes({
      worker,
      languages: LANGUAGES.filter(({ id }) => id === 'python'),
      imagePrefix: 'runnel/',
      poolMin: 1,
      poolMax: 2,
      limits: defaultLimits(),
      cpus: 1,
      killGraceMs: 300,
      jobsPerCell: 100,
      runtime: undefined,
      log: { info: () => {}, warn: () => {} },
    })
    const containers = () => engine.listContainers({ all: true, filters: { label: [`runnel.worker=${worker}`] } })
    return { ...sandboxes, containers }
  } finally {
    vi.unstubAllEnvs()
  }
}

async function* noControls(): AsyncGenerator<Control> {}

/** Runs a Python program. */
export const run = async (
  sandboxes: Sandboxes,
  source: string,
  options: {
    readonly limits?: Partial<Limits>
    readonly tenantId?: string
    readonly isolation?: LeaseRequest['isolation']
    readonly signal?: AbortSignal
    readonly onOutput?: (sandboxId: string) => void
  } = {},
): Promise<{ readonly printed: string; readonly outcome: Outcome }> => {
  const { tenantId = 'acme', isolation = 'job', onOutput, signal = new AbortController().signal } = options
  const limits = { ...defaultLimits(), ...options.limits }
  const entry = findLanguage('python')?.fileName ?? ''
  const files = [{ path: entry, content: source, encoding: 'utf8' as const }]
  const program: Program = { language: 'python', files, entry, args: [], env: {}, stdin: '', interactive: false }
  await using sandbox = await sandboxes.lease({ language: 'python', limits, isolation, tenantId }, signal)
  const printed: Buffer[] = []
  for await (const event of sandbox.run({ program, limits, signal, controls: noControls() })) {
    if (event.type === 'ended') return { printed: Buffer.concat(printed).toString(), outcome: event.outcome }
    printed.push(event.bytes)
    onOutput?.(sandbox.id)
  }
  throw new Error('The run ended without saying how')
}

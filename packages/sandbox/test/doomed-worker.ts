/** A worker with a pool of two and a paused sandbox that lasts, which its test kills. Prints its id. */
import { randomUUID } from 'node:crypto'
import { defaultLimits } from '@runnel/contract/public'
import { LANGUAGES } from '@runnel/languages'
import { createDockerSandboxes } from '../src/index.ts'

const worker = `doomed-${randomUUID()}`
const sandboxes = createDockerSandboxes({
  worker,
  languages: LANGUAGES.filter(({ id }) => id === 'python'),
  imagePrefix: 'runnel/',
  poolMin: 2,
  poolMax: 2,
  limits: defaultLimits(),
  cpus: 1,
  killGraceMs: 300,
  jobsPerCell: 100,
  runtime: undefined,
  log: { info: () => {}, warn: () => {} },
})
const limits = { memoryBytes: 2 ** 27, diskBytes: 2 ** 24, processes: 8 }
const request = { sandboxId: 'sbx-1', tenantId: 'acme', template: 'python', limits, env: {} }
const held = await sandboxes.hold(request, new AbortController().signal)
await held.pause()
process.stdout.write(`${worker}\n`)
setInterval(() => {}, 60_000)

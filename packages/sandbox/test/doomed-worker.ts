/** A worker with a pool of two that its test kills. Prints its id. */
import { randomUUID } from 'node:crypto'
import { defaultLimits } from '@runnel/contract/public'
import { LANGUAGES } from '@runnel/languages'
import { createDockerSandboxes } from '../src/index.ts'

const worker = `doomed-${randomUUID()}`
createDockerSandboxes({
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
process.stdout.write(`${worker}\n`)
setInterval(() => {}, 60_000)

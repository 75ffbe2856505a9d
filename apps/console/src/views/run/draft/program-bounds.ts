import type { DraftLimits } from './draft.ts'

/** What the API takes of a program. test/program-bounds.test.ts compares it with the contract. */
export const BOUNDS = {
  files: 500,
  sourceBytes: 1024 * 1024,
  stdinBytes: 1024 * 1024,
  args: 256,
  env: 128,
} as const

/** What a limit is where neither the server nor the key sets another default, as it is typed. Only what differs is shown on the tab. */
export const USUAL_LIMITS = {
  wallSeconds: '30',
  cpuSeconds: '10',
  memoryMiB: '256',
  outputMiB: '1',
  processes: '64',
  diskMiB: '64',
} as const satisfies DraftLimits

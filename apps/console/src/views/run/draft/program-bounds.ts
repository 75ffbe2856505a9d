/** What the API takes of a program. test/program-bounds.test.ts compares it with the contract. */
export const BOUNDS = {
  files: 500,
  sourceBytes: 1024 * 1024,
  stdinBytes: 1024 * 1024,
  args: 256,
  env: 128,
} as const

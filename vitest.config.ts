import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

const NEEDS_REDIS = { globalSetup: ['./packages/testing/src/global-setup.ts'] }
/** Files of tests at once: one a processor, where Vitest would keep one processor for itself; twice as many of those that mostly wait. */
const AT_ONCE = availableParallelism()
/**
 * Of what runs on real parts, with all the processors busy. One of some 1,100 tests may meet a moment that its waits do not
 * cover; it is shown as tried again, and fails where it fails twice.
 */
const RETRY = 1
const ROOTS = '{packages,apps}/*/test'

/** `*.test.ts` runs anywhere; what comes before `.test.ts` says what a file needs. */
const filesOf = (suffix: string): string[] => [`${ROOTS}/**/*${suffix}.test.ts`, `infra/**/*${suffix}.test.ts`]
const withNeeds = ['redis', 'docker', 'e2e', 'slow', 'soak'].flatMap((need) => filesOf(`.${need}`))

export default defineConfig({
  test: {
    // A project or a path without tests is not a failure; a test marked `only` is.
    passWithNoTests: true,
    allowOnly: false,
    projects: [
      {
        test: {
          name: 'pure',
          include: filesOf(''),
          exclude: ['**/node_modules/**', ...withNeeds],
          maxWorkers: AT_ONCE,
        },
      },
      {
        test: {
          name: 'redis',
          include: filesOf('.redis'),
          testTimeout: 30_000,
          hookTimeout: 60_000,
          maxWorkers: 2 * AT_ONCE,
          retry: RETRY,
          ...NEEDS_REDIS,
        },
      },
      {
        test: {
          name: 'docker',
          include: filesOf('.docker'),
          testTimeout: 60_000,
          hookTimeout: 120_000,
          retry: RETRY,
          ...NEEDS_REDIS,
        },
      },
      // Minutes each, so not a part of `npm test`: `npm run test:slow`.
      { test: { name: 'slow', include: filesOf('.slow'), testTimeout: 900_000, hookTimeout: 120_000, ...NEEDS_REDIS } },
      // As long as it is told to: `npm run soak`.
      { test: { name: 'soak', include: filesOf('.soak'), testTimeout: 0, hookTimeout: 120_000, ...NEEDS_REDIS } },
      {
        test: {
          name: 'e2e',
          include: filesOf('.e2e'),
          testTimeout: 120_000,
          hookTimeout: 180_000,
          retry: RETRY,
          // Each file starts the whole system: several at once would measure each other.
          fileParallelism: false,
          ...NEEDS_REDIS,
        },
      },
    ],
  },
})

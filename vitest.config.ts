import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'
import { LongFirst } from './infra/bootstrap/verify/long-first.ts'

const NEEDS_REDIS = { globalSetup: ['./packages/testing/src/global-setup.ts'] }

/**
 * Four groups of files run one after the other. Within a group no more files run at once than leave the tests that measure
 * pauses and time limits enough of the processors:
 *
 *   1. pure, redis    short files that wait a little     two for each processor
 *   2. docker         files that start containers        one for each processor, and no more than one engine can serve
 *   3. e2e            files that start the whole system  four: they wait for timers half of the time
 *   4. browser        files that use it in Chromium      two: one waits for its page while the other draws
 */
const PROCESSORS = availableParallelism()
/**
 * `isolate: false`: a worker keeps its loaded modules for the next file. Loading them again took a third of the time of LIGHT, and
 * half of the processor time of short files in DOCKER.
 */
const LIGHT = { sequence: { groupOrder: 1 }, maxWorkers: 2 * PROCESSORS, isolate: false }
const DOCKER = { sequence: { groupOrder: 2 }, maxWorkers: Math.min(PROCESSORS, 4), isolate: false }
const SYSTEM = { sequence: { groupOrder: 3 }, maxWorkers: 4, isolate: false }
/** All files share two browsers and two systems (packages/testing/src/browser), because starting them takes seconds. */
const BROWSER = { sequence: { groupOrder: 4 }, maxWorkers: 2, isolate: false }

/**
 * For tests with real parts. All processors are busy then, so a wait in one of 1,100 tests may be too short. Vitest runs that
 * test again and reports it as retried. It fails when it fails twice.
 */
const RETRY = 1
const ROOTS = '{packages,apps,examples}/*/test'

/** `*.test.ts` runs anywhere; what comes before `.test.ts` says what a file needs. */
const filesOf = (suffix: string): string[] => [`${ROOTS}/**/*${suffix}.test.ts`, `infra/**/*${suffix}.test.ts`]
const withNeeds = ['redis', 'docker', 'e2e', 'browser', 'slow', 'soak'].flatMap((need) => filesOf(`.${need}`))

export default defineConfig({
  test: {
    // A project or a path without tests is not a failure; a test marked `only` is.
    passWithNoTests: true,
    allowOnly: false,
    sequence: { sequencer: LongFirst },
    projects: [
      {
        test: {
          name: 'pure',
          include: filesOf(''),
          exclude: ['**/node_modules/**', ...withNeeds],
          testTimeout: 20_000,
          ...LIGHT,
        },
      },
      {
        test: {
          name: 'redis',
          include: filesOf('.redis'),
          testTimeout: 30_000,
          hookTimeout: 60_000,
          retry: RETRY,
          ...LIGHT,
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
          ...DOCKER,
          ...NEEDS_REDIS,
        },
      },
      {
        test: {
          name: 'e2e',
          include: filesOf('.e2e'),
          testTimeout: 120_000,
          hookTimeout: 180_000,
          retry: RETRY,
          ...SYSTEM,
          ...NEEDS_REDIS,
        },
      },
      {
        test: {
          name: 'browser',
          include: filesOf('.browser'),
          testTimeout: 60_000,
          hookTimeout: 120_000,
          // Chromium breaks off what it loads (ERR_NETWORK_CHANGED) when a container with a network starts or stops meanwhile.
          retry: RETRY + 1,
          ...BROWSER,
          globalSetup: [...NEEDS_REDIS.globalSetup, './packages/testing/src/browser/global-setup.ts'],
        },
      },
      // Minutes each, so not a part of `npm test`: `npm run test:slow`.
      { test: { name: 'slow', include: filesOf('.slow'), testTimeout: 900_000, hookTimeout: 120_000, ...NEEDS_REDIS } },
      // As long as it is asked to: `npm run soak`.
      { test: { name: 'soak', include: filesOf('.soak'), testTimeout: 0, hookTimeout: 120_000, ...NEEDS_REDIS } },
    ],
  },
})

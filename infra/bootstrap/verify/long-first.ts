import { BaseSequencer, type TestSpecification } from 'vitest/node'

/**
 * Small files that take 15 s or more, because they wait or because their tests are in other files. On a machine without results of
 * earlier runs, Vitest starts large files first. If one of these came last, all processors but one would wait for it.
 */
const LONG = [
  'packages/sandbox/test/local.test.ts',
  'apps/api/test/flood/flood.redis.test.ts',
  'apps/api/test/main.redis.test.ts',
  'packages/queue/test/recovery.redis.test.ts',
  'packages/agent/test/unit-tests.docker.test.ts',
  'packages/sandbox/test/hostile.docker.test.ts',
  'packages/sandbox/test/sandbox.docker.test.ts',
  'packages/sandbox/test/stock.docker.test.ts',
  'apps/worker/test/faults/daemon.e2e.test.ts',
  'apps/worker/test/faults/dead-workers.e2e.test.ts',
  'apps/worker/test/faults/engine.e2e.test.ts',
  'apps/worker/test/faults/every-answer.e2e.test.ts',
  'apps/worker/test/operate.e2e.test.ts',
  'apps/worker/test/sandboxes/lost.e2e.test.ts',
  'infra/bootstrap/test/start.e2e.test.ts',
  'apps/console/test/operate.browser.test.ts',
  'apps/console/test/run-faults.browser.test.ts',
]

/** The order of Vitest, with these files before the others of their project. */
export class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isLong = ({ moduleId }: TestSpecification): boolean => LONG.some((path) => moduleId.endsWith(path))
    const projects = Map.groupBy(await super.sort(files), ({ project }) => project.name)
    return [...projects.values()].flatMap((own) => [...own.filter(isLong), ...own.filter((file) => !isLong(file))])
  }
}

import type { Control } from '@runnel/contract/internal'
import type { Sandboxes } from '../../src/index.ts'
import { type RunResult, run } from '../run.ts'

const LONGEST_MS = 300_000

const SOURCE = `import select, sys
line = 0
while not select.select([sys.stdin], [], [], 0.1)[0]:
    print(line, flush=True)
    line += 1
print("end")`

/** A harmless program that prints a line every tenth of a second while hostile programs run. */
export interface Neighbour {
  /** How many lines it has printed. */
  readonly lines: number
  /** Its longest silence since that moment (of `performance.now`). */
  longestPauseMs(since: number): number
  /** Ends it, and resolves with its result. */
  end(): Promise<RunResult>
}

export const startNeighbour = (sandboxes: Sandboxes): Neighbour => {
  const printedAt: number[] = []
  const mayEnd = Promise.withResolvers<void>()
  async function* controls(): AsyncGenerator<Control> {
    await mayEnd.promise
    yield { type: 'stdin-end' }
  }
  const result = run(sandboxes, {
    source: SOURCE,
    program: { interactive: true },
    limits: { wallMs: LONGEST_MS },
    controls: controls(),
    onOutput: () => void printedAt.push(performance.now()),
  })
  result.catch(() => {}) // `end` returns it
  return {
    get lines() {
      return printedAt.length
    },
    longestPauseMs(since) {
      const moments = [since, ...printedAt.filter((moment) => moment > since), performance.now()]
      return Math.max(...moments.slice(1).map((moment, index) => moment - (moments[index] ?? moment)))
    },
    end() {
      mayEnd.resolve()
      return result
    },
  }
}

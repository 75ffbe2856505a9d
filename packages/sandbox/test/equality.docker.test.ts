import type { Language } from '@runnel/languages'
import { afterAll, describe, expect, test } from 'vitest'
import type { Sandbox } from '../src/index.ts'
import { JAVASCRIPT, leaseWarm, PYTHON, runIn, sandboxes, TYPESCRIPT, testPrograms } from './equality/test-programs.ts'

afterAll(() => sandboxes[Symbol.asyncDispose]())

// Every twelfth, because each needs a container of its own to compare with. `npm run test:slow` takes them all.
testPrograms((_program, at) => at % 12 === 0)

describe('An interpreter that was started ahead', () => {
  /** How long ago the process was started, in milliseconds. Asked in a way that does not make the start barrier start it again. */
  const PYTHON_AGE = `
import os, time
ticks = int(open("/proc/self/stat").read().rpartition(")")[2].split()[19])
print((time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")) * 1000)
`
  const NODE_AGE = "console.log(process[['up', 'time'].join('')]() * 1000)"
  /** The kernel gives the start of a process in hundredths of a second, rounded down. */
  const TICK_MS = 10

  const askAge = async (sandbox: Sandbox, language: Language, env: Record<string, string>): Promise<number> => {
    const bytes = Buffer.from(language === PYTHON ? PYTHON_AGE : NODE_AGE)
    const entry = language.fileName
    const program = { name: 'age', entry, files: [{ path: entry, bytes }], stdin: Buffer.alloc(0) }
    return Number((await runIn(sandbox, program, language, env)).stdout.toString())
  }

  test.each([PYTHON, JAVASCRIPT, TYPESCRIPT])(
    'runs the program ($name), unless it has its own variables',
    async (language) => {
      await using waiting = await leaseWarm(language)
      await using other = await leaseWarm(language)
      const leased = performance.now()
      const startedLater = await askAge(other, language, { OWN: '1' })
      const waitedMs = performance.now() - leased
      expect(startedLater).toBeLessThan(waitedMs + TICK_MS)
      expect(await askAge(waiting, language, {})).toBeGreaterThan(waitedMs)
    },
  )
})

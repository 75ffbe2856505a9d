import { constants } from 'node:os'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestSandboxes, type TestSandboxes } from './docker-fixture.ts'
import { run } from './run.ts'

const HARMLESS = ['SIGCHLD', 'SIGCONT', 'SIGSTOP', 'SIGTSTP', 'SIGTTIN', 'SIGTTOU', 'SIGURG', 'SIGWINCH'] as const
const numberOf = (name: string): number | undefined =>
  Object.entries(constants.signals).find(([one]) => one === name)?.[1]
const harmless = HARMLESS.map(numberOf)
/** All of the first 31 signals that end a program which does not handle them. */
const DEADLY = Array.from({ length: 31 }, (_, index) => index + 1).filter((number) => !harmless.includes(number))

const DIE = `import os, signal
def die(number):
    if number not in (signal.SIGKILL, signal.SIGSTOP): signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    os.kill(os.getpid(), number)
    signal.pause()
`

describe('A death by a signal', () => {
  let sandboxes: TestSandboxes
  beforeAll(() => {
    sandboxes = createTestSandboxes({ poolMin: 1 })
  })
  afterAll(() => sandboxes[Symbol.asyncDispose]())

  it('is reported by its name', async () => {
    const deaths: (number | undefined)[] = []
    for (const number of DEADLY) {
      const { outcome } = await run(sandboxes, { source: `${DIE}die(${number})`, tenantId: 'dying' })
      deaths.push(outcome.type === 'signaled' ? numberOf(outcome.signal) : undefined)
    }
    expect(deaths).toEqual(DEADLY)
  })

  it('of a child is seen by its parent, leaves no core dump, and does not end the program', async () => {
    const source = `${DIE}
for number in ${JSON.stringify(DEADLY)}:
    pid = os.fork()
    if pid == 0: die(number)
    status = os.waitpid(pid, 0)[1]
    print(os.WTERMSIG(status), os.WCOREDUMP(status))
print(os.listdir("."))`
    const { stdout, outcome } = await run(sandboxes, { source })
    expect(stdout.toString()).toBe(`${DEADLY.map((number) => `${number} False\n`).join('')}['main.py']\n`)
    expect(outcome).toEqual({ type: 'exited', exitCode: 0 })
  })
})

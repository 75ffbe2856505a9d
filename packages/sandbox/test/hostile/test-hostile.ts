import { hostname } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import { defaultLimits, type Limits } from '@runnel/contract/public'
import { LANGUAGES } from '@runnel/languages'
import { eventually } from '@runnel/testing'
import Docker from 'dockerode'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Sandbox } from '../../src/index.ts'
import { createTestSandboxes, type TestSandboxes } from '../docker-fixture.ts'
import { type RunResult, run, runInside } from '../run.ts'
import type { HostileCase } from './case.ts'
import { disk } from './disk.ts'
import { forging } from './forging.ts'
import { countDescriptors, findOnHost } from './host.ts'
import { kernel } from './kernel.ts'
import { links } from './links.ts'
import { memory } from './memory.ts'
import { type Neighbour, startNeighbour } from './neighbour.ts'
import { network } from './network.ts'
import { output } from './output.ts'
import { processes } from './processes.ts'
import { processor } from './processor.ts'
import { signals } from './signals.ts'
import { startVisitors, type Visitors } from './visitors.ts'

const GROUPS = [processes, signals, memory, disk, output, processor, forging, links, kernel, network]

const GRACE_MS = 300
/** From the end of each grace to the report, on two processors that hostile programs keep busy. */
const SLACK_MS = 2_000
/** The neighbour shares the processors with up to five such programs, and must always get its share. */
const LONGEST_PAUSE_MS = 2_000
const NEXT_WITHIN_MS = 8_000
/** A cell that takes longer is given up. */
const READY_AGAIN_MS = 12_000
/** How many short programs run during each attack, and how much slower their median may be … */
const VISITS = 2
const SLOWER_BY_MS = 2_000
/** … and how much memory all their output together may leave with us. */
const GROWTH_BYTES = 100 * 1024 * 1024

/** Searches the cell for anything that an earlier job of the tenant left. */
const LOOK = `import os
processes = [pid for pid in os.listdir("/proc") if pid.isdigit() and int(pid) not in (1, os.getpid())]
files = [os.path.join(at, name) for place in ("/workspace", "/tmp", "/dev/shm", "/dev/mqueue") for at, folders, names in os.walk(place) for name in folders + names]
tables = [open(f"/proc/sysvipc/{name}").readlines()[1:] for name in ("shm", "sem", "msg")]
ports = [line for name in ("tcp", "udp", "unix") for line in open(f"/proc/net/{name}").readlines()[1:] if name != "unix" or "@" in line]
print(processes, files, tables, ports, os.listdir("/proc/self/fd") == ["0", "1", "2", "3"])`
const NOTHING_LEFT = "[] ['/workspace/main.py'] [[], [], []] [] True\n"

/** What a program must not make impossible. */
const inTime = <T>(served: Promise<T>): Promise<T> =>
  Promise.race([
    served,
    delay(NEXT_WITHIN_MS, undefined, { ref: false }).then(() => Promise.reject(new Error('The next job waits'))),
  ])

const docker = new Docker()

const isRunning = (container: string): Promise<boolean> =>
  docker
    .getContainer(container)
    .inspect()
    .then(
      ({ State }) => State.Running,
      (error: Error & { statusCode?: number }) => {
        if (error.statusCode !== 404) throw error
        return false
      },
    )

/**
 * Runs programs that attack the sandbox, the engine and each other, while a neighbour and visitors run beside them. `isTaken` chooses
 * from each group by place.
 */
export const testHostile = (isTaken: (at: number) => boolean): void => {
  const cases = GROUPS.flatMap((group) => group.filter((_case, at) => isTaken(at)))
  describe.concurrent('A program that', () => {
    let sandboxes: TestSandboxes
    let neighbour: Neighbour
    let visitors: Visitors
    let before: { readonly descriptors: number; readonly residentBytes: number }
    /** All containers that were attacked. */
    const containers = new Set<string>()
    /** Cases whose cell serves no other program: memory ran out in it, or it took too long to be ready again. */
    const givenUp: string[] = []
    const remember = ({ id }: Sandbox): void => void containers.add(id)

    beforeAll(async () => {
      before = { descriptors: await countDescriptors(), residentBytes: process.memoryUsage.rss() }
      const languages = LANGUAGES.filter(({ id }) => id !== 'typescript')
      sandboxes = createTestSandboxes({ languages, poolMin: 1, poolMax: 12, killGraceMs: GRACE_MS })
      neighbour = startNeighbour(sandboxes)
      visitors = await startVisitors(sandboxes)
      // What must be gone at the end is found while it runs, unless the engine is on another machine.
      const request = { language: 'python', limits: defaultLimits(), isolation: 'job', tenantId: 'acme' } as const
      await using alive = await sandboxes.lease(request, AbortSignal.timeout(NEXT_WITHIN_MS))
      const found = await findOnHost(new Set([alive.id]))
      expect(found.length > 0).toBe((await docker.info()).Name === hostname())
    })
    afterAll(async () => {
      const { medianMs, longestMs } = await visitors.end()
      const { stdout, stderr, outcome } = await neighbour.end()
      await sandboxes.check()
      await sandboxes[Symbol.asyncDispose]()
      const lines = stdout.toString().trimEnd().split('\n')
      expect(lines.pop()).toBe('end')
      expect(lines).toEqual(lines.map((_, index) => String(index)))
      expect({ stderr: stderr.toString(), outcome }).toEqual({ stderr: '', outcome: { type: 'exited', exitCode: 0 } })
      expect(givenUp.length, givenUp.join('; ')).toBeLessThan(cases.length / 4)
      expect(medianMs).toBeLessThan(visitors.aloneMs + SLOWER_BY_MS)
      expect(longestMs).toBeLessThan(NEXT_WITHIN_MS)
      await eventually(async () => expect(await findOnHost(containers)).toEqual([]))
      await eventually(async () => expect(await countDescriptors()).toBeLessThanOrEqual(before.descriptors))
      expect(process.memoryUsage.rss() - before.residentBytes).toBeLessThan(GROWTH_BYTES)
    })

    const expectInsideLimits = ({ usage, stdout, stderr }: RunResult, limits: Limits) => {
      const { wallMs, cpuMs, memoryBytes, outputBytes } = limits
      expect(usage.wallMs).toBeLessThan(wallMs + GRACE_MS + SLACK_MS)
      expect(usage.cpuMs ?? 0).toBeLessThan(cpuMs + GRACE_MS + SLACK_MS)
      expect(usage.peakMemoryBytes ?? 0).toBeLessThanOrEqual(memoryBytes)
      expect(stdout.length + stderr.length).toBeLessThanOrEqual(outputBytes)
    }

    /** Checks that the neighbour never waited for long and still prints, and that all visitors were served. */
    const expectOthersUntouched = async (since: number) => {
      const printed = neighbour.lines
      await eventually(() => visitors.countSince(since) >= VISITS && neighbour.lines > printed, {
        withinMs: NEXT_WITHIN_MS,
      })
      expect(neighbour.longestPauseMs(since)).toBeLessThan(LONGEST_PAUSE_MS)
      expect(visitors.complaintsSince(since)).toEqual([])
    }

    /** Checks that the next job in the attacked cell finds nothing of the attack, if the cell was not given up. */
    const expectNothingLeft = async (attacked: string, tenantId: string) => {
      await using leased = new AsyncDisposableStack()
      const again = await eventually(
        async () => {
          if (!(await isRunning(attacked))) return undefined
          const signal = AbortSignal.timeout(NEXT_WITHIN_MS)
          const sandbox = await sandboxes.lease(
            { language: 'python', limits: defaultLimits(), isolation: 'job', tenantId },
            signal,
          )
          remember(leased.use(sandbox))
          if (sandbox.id !== attacked) throw new Error('The sandbox that was attacked is not ready again')
          return sandbox
        },
        { withinMs: READY_AGAIN_MS, everyMs: 200 },
      )
      if (again === undefined) return void givenUp.push(tenantId)
      const { stdout, stderr } = await inTime(runInside(again, { source: LOOK }))
      expect({ stdout: stdout.toString(), stderr: stderr.toString() }).toEqual({ stdout: NOTHING_LEFT, stderr: '' })
    }

    const attack = async ({ name, ends, prints = '', complains = '', ...options }: HostileCase) => {
      const since = performance.now()
      let attacked = ''
      const onSandbox = (sandbox: Sandbox): void => {
        remember(sandbox)
        attacked = sandbox.id
      }
      const result = await run(sandboxes, { ...options, onSandbox, tenantId: name })
      const printed = result.stdout.toString('latin1')
      const limits = { ...defaultLimits(), ...options.limits }
      expect(result.outcome, printed + result.stderr.toString()).toBeOneOf(ends.map((ending) => ending(limits)))
      if (prints instanceof RegExp) expect(printed).toMatch(prints)
      else expect(printed).toBe(typeof prints === 'string' ? prints : prints(result.outcome))
      const complained = result.stderr.toString('latin1')
      if (complains instanceof RegExp) expect(complained).toMatch(complains)
      else expect(complained).toBe(complains)
      expectInsideLimits(result, limits)
      if (options.language === undefined) await expectNothingLeft(attacked, name)
      await expectOthersUntouched(since)
    }

    it.for(cases)('$name', { timeout: 40_000 }, (hostile) => attack(hostile))
  })
}

import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { defaultLimits } from '@runnel/contract/public'
import { findLanguage, type Language } from '@runnel/languages'
import { eventually } from '@runnel/testing'
import Docker from 'dockerode'
import { describe, expect, it } from 'vitest'
import { ENOUGH_PER_TENANT } from '../src/docker/capacity.ts'
import type { LeaseRequest } from '../src/index.ts'
import { createTestSandboxes } from './docker-fixture.ts'
import { run } from './run.ts'

const only = (id: string): Language[] => {
  const language = findLanguage(id)
  if (language === undefined) throw new Error(id)
  return [language]
}
const docker = new Docker()
const running = (containers: Docker.ContainerInfo[]) => containers.filter(({ State }) => State === 'running').length
const ONE_BASH_JOB: LeaseRequest = { language: 'bash', limits: defaultLimits(), isolation: 'job', tenantId: 'acme' }
const never = new AbortController().signal
const NOT_MADE = { programStarted: false, message: 'No sandbox could be made' }

describe('The stock', () => {
  it('keeps warm cells ready, and gives a job the one that its tenant used last', async () => {
    await using sandboxes = createTestSandboxes({ languages: only('python'), poolMin: 2 })
    await eventually(async () => running(await sandboxes.containers()) === 2, { withinMs: 20_000 })
    const used = new Set<string>()
    for (let jobs = 0; jobs < 5; jobs += 1) {
      const { warm } = await run(sandboxes, { source: 'print(1)', onSandbox: ({ id }) => used.add(id) })
      expect(warm).toBe(true)
      // Two for any tenant, and its own.
      await eventually(() => sandboxes.pool.idle === 3, { withinMs: 20_000 })
    }
    expect(used.size).toBe(1)
  })

  it('never gives two tenants the same cell', async () => {
    await using sandboxes = createTestSandboxes({ languages: only('bash'), poolMin: 2 })
    const owners = new Map<string, Set<string>>()
    const oneOf = async (tenantId: string) => {
      const onSandbox = ({ id }: { readonly id: string }) => owners.set(id, (owners.get(id) ?? new Set()).add(tenantId))
      await run(sandboxes, { language: 'bash', source: 'echo', tenantId, onSandbox })
    }
    for (let rounds = 0; rounds < 5; rounds += 1) await Promise.all(['a', 'b', 'c', 'a', 'b', 'c'].map(oneOf))
    expect([...owners.values()].map((tenants) => tenants.size)).toEqual([...owners].map(() => 1))
    const jobs = 30
    expect(owners.size).toBeLessThan(jobs)
  })

  it('replaces a cell that has served as many jobs as it may', async () => {
    await using sandboxes = createTestSandboxes({ languages: only('bash'), poolMin: 1, jobsPerCell: 2 })
    const used: string[] = []
    for (let jobs = 0; jobs < 6; jobs += 1) {
      await run(sandboxes, { language: 'bash', source: 'echo', onSandbox: ({ id }) => used.push(id) })
      // One for any tenant, and after each first job its own.
      await eventually(() => sandboxes.pool.idle === (jobs % 2 === 0 ? 2 : 1), { withinMs: 20_000 })
    }
    const counts = [...new Set(used)].map((id) => used.filter((other) => other === id).length)
    expect(counts).toEqual([2, 2, 2])
  })

  it('replaces a cell whose agent dies between two programs', async () => {
    await using sandboxes = createTestSandboxes({ languages: only('bash'), poolMin: 1 })
    let first = ''
    await run(sandboxes, { language: 'bash', source: 'echo', onSandbox: ({ id }) => (first = id) })
    await docker.getContainer(first).kill()
    let second = ''
    const { stdout } = await run(sandboxes, {
      language: 'bash',
      source: 'echo next',
      onSandbox: ({ id }) => (second = id),
    })
    expect(stdout.toString()).toBe('next\n')
    expect(second).not.toBe(first)
    await eventually(async () => (await sandboxes.containers()).every(({ Id }) => !Id.startsWith(first)), {
      withinMs: 20_000,
    })
  })

  it('serves a burst with few cells, and gives long programs one each', { timeout: 60_000 }, async () => {
    await using sandboxes = createTestSandboxes({ languages: only('bash'), poolMin: 4, poolMax: 100 })
    const runMany = async (count: number, source: string) => {
      const used = new Set<string>()
      const options = { language: 'bash', source, onSandbox: ({ id }: { readonly id: string }) => used.add(id) }
      const results = await Promise.all(Array.from({ length: count }, () => run(sandboxes, options)))
      expect(results.map(({ stdout }) => stdout.toString())).toEqual(results.map(() => 'done\n'))
      return used.size
    }
    expect(await runMany(100, 'echo done')).toBeLessThanOrEqual(2 * ENOUGH_PER_TENANT)
    const many = ENOUGH_PER_TENANT + 4
    expect(await runMany(many, 'sleep 4; echo done')).toBe(many)
  })

  it('removes a container after its one job and makes another', async () => {
    await using sandboxes = createTestSandboxes({ languages: only('python'), poolMin: 1 })
    let used = ''
    const isolation = 'container'
    await run(sandboxes, { source: 'print(1)', isolation, onSandbox: ({ id }) => (used = id) })
    await eventually(
      async () => {
        const containers = await sandboxes.containers()
        expect(containers.filter(({ Id }) => Id.startsWith(used))).toEqual([])
        // The cell that is kept, and the next container.
        expect(containers.map(({ State }) => State)).toEqual(['running', 'running'])
      },
      { withinMs: 20_000 },
    )
    let next = ''
    expect((await run(sandboxes, { source: 'print(1)', isolation, onSandbox: ({ id }) => (next = id) })).warm).toBe(
      true,
    )
    expect(next).not.toBe(used)
  })

  it('replaces a container that dies while it waits, and gives no dead one to a job', async () => {
    await using sandboxes = createTestSandboxes({ languages: only('python'), poolMin: 2 })
    const waiting = await eventually(
      async () => {
        const containers = await sandboxes.containers()
        if (running(containers) < 2) throw new Error('The stock is not full yet')
        return containers
      },
      { withinMs: 20_000 },
    )
    await Promise.all(waiting.map(({ Id }) => docker.getContainer(Id).kill()))
    await eventually(
      async () => {
        const now = await sandboxes.containers()
        return running(now) === 2 && now.every(({ Id }) => waiting.every((old) => old.Id !== Id))
      },
      { withinMs: 20_000 },
    )
    const { stdout } = await run(sandboxes, { source: 'print("alive")' })
    expect(stdout.toString()).toBe('alive\n')
  })

  it('serves all jobs that wait, in order, if more come than it has containers', async () => {
    await using sandboxes = createTestSandboxes({ languages: only('bash'), poolMin: 1 })
    const served: number[] = []
    const results = await Promise.all(
      Array.from({ length: 12 }, (_, index) =>
        run(sandboxes, { language: 'bash', source: `echo ${index}`, onSandbox: () => void served.push(index) }),
      ),
    )
    const inOrder = Array.from({ length: 12 }, (_, index) => index)
    expect(served).toEqual(inOrder)
    expect(results.map(({ stdout }) => stdout.toString())).toEqual(inOrder.map((index) => `${index}\n`))
  })

  it('removes used containers also under a load that never pauses', { timeout: 60_000 }, async () => {
    await using sandboxes = createTestSandboxes({ languages: only('bash'), poolMin: 1, poolMax: 100 })
    let done = 0
    let isOver = false
    const load = Promise.all(
      Array.from({ length: 20 }, async () => {
        while (!isOver) {
          await run(sandboxes, { language: 'bash', source: 'echo', isolation: 'container' })
          done += 1
        }
      }),
    )
    try {
      await eventually(async () => (await sandboxes.containers()).length < done / 3, { withinMs: 30_000 })
    } finally {
      isOver = true
      await load
    }
  })

  it('rejects a job that stops waiting', async () => {
    await using sandboxes = createTestSandboxes({ languages: only('bash'), poolMin: 0 })
    const stop = new AbortController()
    const waiting = sandboxes.lease(ONE_BASH_JOB, stop.signal)
    stop.abort('canceled')
    await expect(waiting).rejects.toMatchObject({ ...NOT_MADE, cause: 'canceled' })
  })

  it('gives up a sandbox whose files cannot be written, before its program starts', async () => {
    await using sandboxes = createTestSandboxes({ languages: only('bash'), poolMin: 1 })
    const limits = { ...defaultLimits(), diskBytes: 4 * 1024 * 1024 }
    const folders = Object.fromEntries(Array.from({ length: 5 }, (_, index) => [`${index}/${'a/'.repeat(500)}f`, '']))
    const attempt = run(sandboxes, { language: 'bash', source: { 'main.sh': 'echo ran', ...folders }, limits })
    await expect(attempt).rejects.toMatchObject({
      programStarted: false,
      message: 'The sandbox ended before its program',
      cause: { message: "No space left on device: b'a'" },
    })
  })

  it('gives up a sandbox whose file writer was killed: no program runs with half its files', async () => {
    // In a cell process 1 of the program's namespaces writes them.
    const verdict = { served: 'container', reason: 'The test wants it so.' } as const
    await using sandboxes = createTestSandboxes({ languages: only('bash'), poolMin: 1, verdict })
    const writer = await eventually(async () => {
      const [waiting] = await sandboxes.containers()
      if (waiting === undefined) throw new Error('No container yet')
      const { Processes } = await docker.getContainer(waiting.Id).top({ ps_args: '-eo pid,uid' })
      const found = Processes.find(([, uid]: string[]) => Number(uid) >= 20_000)
      if (found === undefined) throw new Error('The file writer is not there yet')
      return Number(found[0])
    })
    process.kill(writer, 'SIGKILL')
    await expect(run(sandboxes, { language: 'bash', source: 'echo ran' })).rejects.toMatchObject({
      programStarted: false,
      message: 'The sandbox ended before its program',
      cause: { message: 'the process that writes files was killed' },
    })
  })

  it('says which image is missing, makes nothing, and leaves nothing', async () => {
    await using sandboxes = createTestSandboxes({
      languages: only('bash'),
      imagePrefix: 'runnel/no-such-',
      poolMin: 1,
    })
    await expect(sandboxes.check()).rejects.toThrow('no image "runnel/no-such-python"')
    const missing = { ...NOT_MADE, cause: { message: expect.stringContaining('No such image: runnel/no-such-python') } }
    await expect(sandboxes.lease({ ...ONE_BASH_JOB, isolation: 'container' }, never)).rejects.toMatchObject(missing)
    await expect(sandboxes.lease(ONE_BASH_JOB, never)).rejects.toMatchObject(missing)
    expect(await sandboxes.containers()).toEqual([])
  })

  it('notices that it cannot make containers, even if no job waits and none is needed', async () => {
    await using sandboxes = createTestSandboxes({ languages: only('bash'), poolMin: 0, runtime: 'nonexistent' })
    await sandboxes.check()
    await expect(sandboxes.lease(ONE_BASH_JOB, never)).rejects.toMatchObject({
      ...NOT_MADE,
      cause: { message: expect.stringContaining('nonexistent') },
    })
    await expect(sandboxes.check()).rejects.toThrow(/the last one for bash could not be made: .*nonexistent/)
  })

  it('has no fault if a sandbox with other limits cannot be made', async () => {
    await using sandboxes = createTestSandboxes({ languages: only('bash'), poolMin: 0 })
    const limits = { ...defaultLimits(), diskBytes: 4 * 1024 * 1024, memoryBytes: 1 }
    await expect(sandboxes.lease({ ...ONE_BASH_JOB, limits, isolation: 'container' }, never)).rejects.toMatchObject({
      ...NOT_MADE,
      cause: { message: expect.stringContaining('Minimum memory limit allowed') },
    })
    await sandboxes.check()
  })

  it('does not wait forever for an image without our agent, and leaves nothing of it', async () => {
    await docker.getImage('runnel/redis').tag({ repo: 'runnel-test-strange/python' })
    try {
      await using sandboxes = createTestSandboxes({
        languages: only('bash'),
        imagePrefix: 'runnel-test-strange/',
        poolMin: 1,
      })
      await expect(sandboxes.lease(ONE_BASH_JOB, never)).rejects.toMatchObject({
        ...NOT_MADE,
        cause: { message: expect.stringContaining('exec: "python3": executable file not found in $PATH') },
      })
      await expect(sandboxes.check()).rejects.toThrow('the last one for bash could not be made: ')
    } finally {
      await docker.getImage('runnel-test-strange/python').remove()
    }
  })

  it('leaves containers that exit when their worker is killed, or are paused, and another worker removes them', async () => {
    const worker = spawn(process.execPath, [fileURLToPath(new URL('./doomed-worker.ts', import.meta.url))], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const name = await new Promise<string>((resolve) =>
      worker.stdout.once('data', (data: Buffer) => resolve(data.toString().trim())),
    )
    const left = () => docker.listContainers({ all: true, filters: { label: [`runnel.worker=${name}`] } })
    await eventually(async () => running(await left()) === 2, { withinMs: 20_000 })
    worker.kill('SIGKILL')
    await eventually(async () => running(await left()) === 0, { withinMs: 5_000 })
    const isPaused = async () => (await left()).some(({ State }) => State === 'paused')
    expect(await isPaused()).toBe(true)
    const findDead = async () => [name]
    await using _other = createTestSandboxes({ languages: only('bash'), poolMin: 0, findDead })
    await eventually(async () => (await left()).length === 0, { withinMs: 40_000, everyMs: 500 })
  })
})

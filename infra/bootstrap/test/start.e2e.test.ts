import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { docker } from '../command.ts'
import { isAlive } from '../process-identity.ts'
import { findFreePort } from '../run/port.ts'
import type { RunRecord } from '../run/run-record.ts'
import { copyCheckout } from './checkout-copy.ts'

interface Run {
  readonly code: number | null
  readonly output: string
}

// A start takes seconds of a processor. So each test has one checkout for all that it does, and both run at the same time.

/** One container instead of a dozen, for tests of what happens around the workers. */
const ONE_CONTAINER = { RUNNEL_LANGUAGES: 'python', RUNNEL_POOL_MIN: '1' }

/** A checkout of the test's own, with the commands that a user would type in it. Disposing it stops what runs there. */
const openCheckout = async (env: NodeJS.ProcessEnv = {}) => {
  const checkout = copyCheckout()
  const port = await findFreePort()
  const spawnNpm = (...args: readonly string[]) => {
    const child = spawn('npm', args, {
      cwd: checkout.root,
      env: { ...process.env, ...env },
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += text))
    return { child, output: () => output }
  }
  /** Ends when no process holds its output open any more. */
  const npm = async (...args: readonly string[]): Promise<Run> => {
    const { child, output } = spawnNpm(...args)
    const [code] = await once(child, 'close')
    return { code, output: output() }
  }
  return {
    port,
    spawnNpm,
    npm,
    start: (...args: readonly string[]) => npm('start', '--', '--port', `${port}`, ...args),
    readRecord: (): RunRecord => JSON.parse(readFileSync(join(checkout.root, '.runnel/run.json'), 'utf8')),
    async [Symbol.asyncDispose]() {
      await npm('stop')
      checkout[Symbol.dispose]()
    },
  }
}

const untilTrue = async (condition: () => boolean): Promise<void> => {
  const deadline = Date.now() + 60_000
  while (!condition()) {
    if (Date.now() > deadline) throw new Error('It did not come true within a minute')
    await delay(50)
  }
}

const expectNothingLeft = async ({ supervisor, processes, containers }: RunRecord): Promise<void> => {
  expect([supervisor, ...processes].filter(isAlive)).toEqual([])
  for (const name of containers) expect(await docker('ps', '--all', '--quiet', '--filter', `name=${name}`)).toBe('')
  const sandboxes = await docker('ps', '--all', '--filter', 'label=runnel', '--format', '{{.Label "runnel.worker"}}')
  for (const { pid } of processes) expect(sandboxes).not.toMatch(new RegExp(`-${pid}-`))
}

test.concurrent('A detached start names a port that is taken, runs the example, starts a killed worker again, and stops without leaving anything', async () => {
  await using checkout = await openCheckout()
  const { port, npm, start, readRecord } = checkout
  const server = createServer().listen(port, '127.0.0.1')
  await once(server, 'listening')
  const refused = await start()
  server.close()
  expect(refused.code).toBe(1)
  expect(refused.output).toContain(`Port ${port} is taken`)
  expect(refused.output).toContain('--port')

  const started = await start('--detach', '--workers', '2')
  expect(started).toMatchObject({ code: 0 })
  expect(started.output).toContain('│ 5² makes it 55')
  expect(started.output).toContain('exited 0')
  // One URL, and it is that of the page.
  expect(started.output.match(/http:\S+/g)).toEqual([`http://127.0.0.1:${port}`])
  const page = await fetch(`http://127.0.0.1:${port}`, { headers: { accept: 'text/html' } })
  expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8'])

  const key = (await npm('run', '--silent', 'keys', '--', 'create', '--tenant', 'acme', '--scopes', 'read')).output
  expect(key).toMatch(/^rnl_\w+/m)
  expect((await fetch(`http://127.0.0.1:${port}/v1/jobs`)).status).toBe(401)

  const second = await start()
  expect(second.code).not.toBe(0)
  expect(second.output).toContain('npm stop')

  const before = readRecord().processes
  const worker = before.at(-1)
  if (worker === undefined) throw new Error('There is no worker')
  process.kill(worker.pid, 'SIGKILL')
  await untilTrue(() => readRecord().processes.length > before.length)

  const record = readRecord()
  expect(await npm('stop')).toMatchObject({ code: 0 })
  await expectNothingLeft(record)
  expect(await npm('stop')).toMatchObject({ code: 0 })
})

test.concurrent('Ctrl-C stops a start in front and leaves nothing behind, and a run that was killed is cleaned up by the next stop', async () => {
  await using checkout = await openCheckout(ONE_CONTAINER)
  const { port, npm, start, spawnNpm, readRecord } = checkout
  const { child, output } = spawnNpm('start', '--', '--port', `${port}`)
  await untilTrue(() => output().includes('Ctrl-C stops it'))
  const interrupted = readRecord()
  if (child.pid !== undefined) process.kill(-child.pid, 'SIGINT')
  await once(child, 'close')
  await untilTrue(() => !isAlive(interrupted.supervisor))
  await expectNothingLeft(interrupted)

  expect(await start('--detach')).toMatchObject({ code: 0 })
  const killed = readRecord()
  process.kill(killed.supervisor.pid, 'SIGKILL')
  expect(await npm('stop')).toMatchObject({ code: 0 })
  await expectNothingLeft(killed)
})

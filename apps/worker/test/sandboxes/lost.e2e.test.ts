import { once } from 'node:events'
import { commandListSchema, commandSchema, jobSchema, watcherSchema } from '@runnel/contract/public'
import { redisTest as test } from '@runnel/redis/testing'
import { eventually } from '@runnel/testing'
import { containersOf, nameOf, type System, startSystem } from '@runnel/testing/system'
import { describe, expect, test as plainTest } from 'vitest'
import { create, ENV, liveThroughOutage, read, run, untilEnded } from './outage.ts'
import { visit } from './visit-preview.ts'

/** A judge needs 25 s without a renewal, which may have been just before. */
const LOST_WITHIN_MS = 30_000

const start = async (system: System, id: string, request: object): Promise<string> => {
  const answer = await system.call('POST', `/v1/sandboxes/${id}/commands`, request)
  return commandSchema.parse(await answer.json()).id
}

/** The last line of a stream, or the last text of a terminal. Rejects if the stream is cut. */
const lastOf = async (system: System, path: string): Promise<unknown> => {
  const lines = (await (await system.call('GET', path)).text()).trim().split('\n')
  return JSON.parse(lines.at(-1) ?? '')
}
const lastOfTerminal = async (system: System, path: string): Promise<unknown> => {
  const socket = new WebSocket(`${system.url.replace('http', 'ws')}${path}`)
  const texts: string[] = []
  socket.addEventListener('message', ({ data }) => {
    if (typeof data === 'string') texts.push(data)
  })
  await once(socket, 'close')
  return JSON.parse(texts.at(-1) ?? '')
}

const outcomeOf = async (system: System, runId: string) =>
  jobSchema.parse(await (await system.call('GET', `/v1/jobs/${runId}`)).json()).outcome

const LOST = { type: 'sandbox-ended', ending: 'lost' }
const LOST_ERROR = { type: 'error', error: { code: 'sandbox-ended', ending: 'lost' } }

// Both mostly wait: at the same time.
describe.concurrent('Lasting sandboxes', () => {
  test('of a worker that dies are lost within 30 s: calls and streams end with that word, nothing stays, others live on', async ({
    redisUrl,
    prefix,
  }) => {
    await using system = await startSystem({ redisUrl, prefix, env: ENV })
    const [held, paused] = [await create(system), await create(system)]
    const [dying] = system.workers
    if (dying === undefined) throw new Error('There is no worker')
    const survivor = await system.startWorker()
    expect((await system.call('POST', `/v1/sandboxes/${paused}/pause`)).status).toBe(200)
    // The first worker takes no more, so the next sandbox is the other one's.
    await system.call('POST', `/v1/workers/${nameOf(dying)}/drain`)
    const other = await create(system)
    expect(await run(system, held, 'echo here')).toBe('here\n')

    const waiting = system.call('POST', `/v1/sandboxes/${held}/commands?wait=60000`, { command: 'sleep 60' })
    await eventually(async () => {
      const answered = await system.call('GET', `/v1/sandboxes/${held}/commands`)
      const { commands } = commandListSchema.parse(await answered.json())
      expect(commands).toMatchObject([{ command: 'sleep 60', status: 'running' }, {}])
    })
    const url = `/v1/sandboxes/${held}`
    const printed = await start(system, held, { command: 'echo printed; sleep 60' })
    const server = await start(system, held, { command: 'sleep 60', background: true })
    const watching = await system.call('POST', `${url}/watchers`, { path: '.' })
    const { id: watcher } = watcherSchema.parse(await watching.json())
    const streams = [
      `${url}/commands/${printed}/events`,
      `${url}/commands/${server}/events`,
      `${url}/watchers/${watcher}/events`,
    ].map((path) => lastOf(system, path))
    const terminal = lastOfTerminal(system, `${url}/terminal`)
    await eventually(async () => {
      const { commands } = commandListSchema.parse(await (await system.call('GET', `${url}/commands`)).json())
      expect(commands.some(({ tty }) => tty)).toBe(true)
    })
    await start(system, held, { command: 'python3 -m http.server 8000', background: true })
    const preview = `http://8000-${held}.localhost/`
    const { accessToken = '' } = await read(system, held)
    const headers = { 'x-access-token': accessToken }
    await eventually(async () => expect((await visit(system, preview, headers)).status).toBe(200))
    dying.signal('SIGKILL')
    await dying.exited
    const diedMs = performance.now()
    // Before anybody knows that it is lost.
    const refused = await system.call('GET', `/v1/sandboxes/${held}/metrics`)
    expect([refused.status, await refused.json()]).toMatchObject([503, { error: { code: 'gateway-unreachable' } }])
    const unseen = await visit(system, preview, headers)
    expect([unseen.status, JSON.parse(unseen.body)]).toMatchObject([503, { error: { code: 'gateway-unreachable' } }])
    expect(performance.now() - diedMs).toBeLessThan(3_000)

    const answer = await waiting
    expect([answer.status, await answer.json()]).toMatchObject([
      410,
      { error: { code: 'sandbox-ended', ending: 'lost' } },
    ])
    const ends = await Promise.all([...streams, terminal])
    expect(performance.now() - diedMs).toBeLessThan(LOST_WITHIN_MS)
    expect(ends).toMatchObject([{ type: 'finished', outcome: LOST }, LOST_ERROR, LOST_ERROR, LOST_ERROR])
    expect(await outcomeOf(system, printed)).toEqual(LOST)
    expect(await untilEnded(system, paused, LOST_WITHIN_MS - (performance.now() - diedMs))).toBe('lost')
    expect(await untilEnded(system, held, LOST_WITHIN_MS - (performance.now() - diedMs))).toBe('lost')
    await eventually(async () => expect((await visit(system, preview, headers)).status).toBe(410))
    // A frozen agent cannot end itself: the other worker's reaper removes its container.
    await eventually(async () => expect(await containersOf(dying)).toEqual([]), { withinMs: 60_000 })
    expect(await run(system, other, 'echo still here')).toBe('still here\n')

    // Stopped in order, a worker ends those that it holds, with what runs in them, and says so.
    const cut = await start(system, other, { command: 'sleep 60' })
    survivor.signal('SIGTERM')
    expect(await survivor.exited).toBe(0)
    expect(await untilEnded(system, other, 2_000)).toBe('lost')
    expect(await outcomeOf(system, cut)).toEqual(LOST)
  })

  plainTest('live on while Redis is away for longer than it takes to be lost, and while the API dies', () =>
    liveThroughOutage(35_000),
  )
})

import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
import {
  type Command,
  commandListSchema,
  commandSchema,
  errorBodySchema,
  fileListSchema,
  jobEventSchema,
  jobPageSchema,
  type Sandbox,
  sandboxMetricsSchema,
  sandboxPageSchema,
  sandboxSchema,
  watchEventSchema,
  watchedSchema,
  watcherSchema,
} from '@runnel/contract/public'
import { openPrefix } from '@runnel/redis/testing'
import { eventually } from '@runnel/testing'
import { type System, startSystem } from '@runnel/testing/system'
import { test as base, describe, expect } from 'vitest'

/** All tests of this file share the system, and most of them one sandbox. */
const test = base
  .extend('env', { scope: 'file' }, { RUNNEL_POOL_MIN: '1' })
  .extend('system', { scope: 'file' }, async ({ env }, { onCleanup }) => {
    const parts = new AsyncDisposableStack()
    onCleanup(() => parts.disposeAsync())
    return parts.use(await startSystem({ ...parts.use(openPrefix()), env }))
  })
  .extend('sandbox', { scope: 'file' }, async ({ system }) => create(system))

const create = async (system: System, request: object = {}): Promise<Sandbox> => {
  const answer = await system.call('POST', '/v1/sandboxes?wait=30000', request)
  expect(answer.status).toBe(201)
  const sandbox = sandboxSchema.parse(await answer.json())
  expect(sandbox.status).toBe('running')
  return sandbox
}

const run = async (system: System, { id }: Sandbox, request: object): Promise<Command> => {
  const answer = await system.call('POST', `/v1/sandboxes/${id}/commands?wait=30000`, request)
  expect(answer.status).toBe(200)
  return commandSchema.parse(await answer.json())
}

const statusAndCode = async (answer: Response) => [answer.status, errorBodySchema.parse(await answer.json()).error.code]

describe('A sandbox over HTTP', () => {
  test('runs a command to its end: output, outcome, events, and a place in the history', async ({
    system,
    sandbox,
  }) => {
    const command = await run(system, sandbox, {
      command: 'echo out; echo err >&2; read line; echo "$line $PWD"; exit 3',
      stdin: 'in\n',
    })
    expect(command).toMatchObject({
      sandboxId: sandbox.id,
      status: 'finished',
      background: false,
      tty: false,
      pid: expect.any(Number),
      outcome: { type: 'exited', exitCode: 3 },
      output: { stdout: { data: 'out\nin /home/user\n' }, stderr: { data: 'err\n' }, truncated: false },
    })
    const events = await system.call('GET', `/v1/sandboxes/${sandbox.id}/commands/${command.id}/events?after=1-1`)
    const types = (await events.text())
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).type)
    expect([types.at(-1), new Set(types)]).toEqual(['finished', new Set(['stdout', 'stderr', 'finished'])])
    const { jobs } = jobPageSchema.parse(await (await system.call('GET', '/v1/jobs')).json())
    expect(jobs[0]).toMatchObject({ id: command.id, sandboxId: sandbox.id, status: 'finished', language: 'bash' })
    const missing = await run(system, sandbox, { command: 'true', cwd: '/nowhere' })
    expect(missing.outcome).toEqual({ type: 'exited', exitCode: 127 })
    expect(missing.output?.stderr.data).toContain('/nowhere')
  })

  test('takes files in and gives them out: whole, in parts, many at once, as an archive', async ({
    system,
    sandbox,
  }) => {
    const files = `/v1/sandboxes/${sandbox.id}/files`
    const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, at) => at % 251))
    const put = await fetch(`${system.url}${files}?path=in/a%20b.bin`, { method: 'PUT', body: bytes })
    expect([put.status, await put.json()]).toEqual([200, { path: 'in/a b.bin', sizeBytes: bytes.length }])
    const got = await fetch(`${system.url}${files}?path=/home/user/in/a%20b.bin`)
    expect(Buffer.from(await got.arrayBuffer()).equals(bytes)).toBe(true)
    expect([got.headers.get('content-disposition'), got.headers.get('x-content-type-options')]).toEqual([
      `attachment; filename="a b.bin"; filename*=UTF-8''a%20b.bin`,
      'nosniff',
    ])
    const part = await fetch(`${system.url}${files}?path=in/a%20b.bin`, { headers: { range: 'bytes=-5' } })
    expect([part.status, part.headers.get('content-range')]).toEqual([206, 'bytes 299995-299999/300000'])
    expect(Buffer.from(await part.arrayBuffer()).equals(bytes.subarray(-5))).toBe(true)
    const far = await fetch(`${system.url}${files}?path=in/a%20b.bin`, { headers: { range: 'bytes=300000-' } })
    expect([await statusAndCode(far), far.headers.get('content-range')]).toEqual([
      [416, 'range-not-satisfiable'],
      'bytes */300000',
    ])

    const form = new FormData()
    form.append('file', new Blob(['one']), 'sub/one.txt')
    form.append('file', new Blob(['']), 'empty.txt')
    const many = await fetch(`${system.url}${files}?path=many`, { method: 'POST', body: form })
    expect([many.status, await many.json()]).toEqual([
      200,
      {
        files: [
          { path: 'many/sub/one.txt', sizeBytes: 3 },
          { path: 'many/empty.txt', sizeBytes: 0 },
        ],
      },
    ])
    const list = await system.call('GET', `${files}/list?path=many&depth=2`)
    const { entries } = fileListSchema.parse(await list.json())
    expect(entries.map(({ path, type }) => `${type} ${path}`).toSorted()).toEqual([
      'directory /home/user/many/sub',
      'file /home/user/many/empty.txt',
      'file /home/user/many/sub/one.txt',
    ])
    expect(await (await system.call('GET', `${files}?path=many/empty.txt`)).text()).toBe('')
    const moved = await system.call('POST', `${files}/move`, { from: 'many/sub/one.txt', to: 'new/two.txt' })
    expect([moved.status, await moved.json()]).toEqual([
      200,
      expect.objectContaining({ name: 'two.txt', path: '/home/user/new/two.txt', type: 'file', sizeBytes: 3 }),
    ])
    const archive = await system.call('GET', `${files}/archive?path=new&format=tar`)
    expect([archive.status, archive.headers.get('content-type')]).toEqual([200, 'application/x-tar'])
    const tar = Buffer.from(await archive.arrayBuffer())
    const zip = Buffer.from(await (await system.call('GET', `${files}/archive?path=new&format=zip`)).arrayBuffer())
    for (const [name, body] of [['a.tar', tar] as const, ['a.zip', zip] as const]) {
      await fetch(`${system.url}${files}?path=/tmp/${name}`, { method: 'PUT', body })
    }
    const opened = await run(system, sandbox, {
      command: 'cd /tmp && tar -xOf a.tar two.txt && python3 -m zipfile -e a.zip out && cat out/two.txt',
    })
    expect(opened.output?.stdout.data).toBe('oneone')
    expect((await system.call('DELETE', `${files}?path=many`)).status).toBe(204)
    // What does not fit is refused before it is sent: of this body only the start ever comes.
    const { hostname, port } = new URL(system.url)
    const head = `PUT ${files}?path=large HTTP/1.1\r\nhost: ${hostname}:${port}\r\ncontent-length: ${2 ** 40}\r\n\r\n`
    const socket = connect(Number(port), hostname)
    socket.write(`${head}start`)
    const [answered] = await once(socket, 'data')
    socket.destroy()
    expect(String(answered)).toMatch(/^HTTP\/1\.1 507 /)

    expect(await statusAndCode(await system.call('POST', `${files}/mkdir`, { path: 'new' }))).toEqual([
      409,
      'file-exists',
    ])
    expect(await statusAndCode(await system.call('GET', `${files}?path=new`))).toEqual([409, 'not-a-file'])
    expect(await statusAndCode(await system.call('GET', `${files}?path=/dev/null`))).toEqual([409, 'not-a-file'])
    expect(await statusAndCode(await system.call('GET', `${files}?path=many/empty.txt`))).toEqual([
      404,
      'file-not-found',
    ])
    expect(await statusAndCode(await system.call('GET', `${files}?path=${'x/'.repeat(2_100)}`))).toEqual([
      400,
      'invalid-request',
    ])
    expect(await statusAndCode(await system.call('GET', `${files}?path=a%00b`))).toEqual([400, 'invalid-request'])
  })

  test('gives and takes files of many clients at once, some of which leave in the middle', async ({
    system,
    sandbox,
  }) => {
    const work = async (client: number): Promise<void> => {
      const url = `${system.url}/v1/sandboxes/${sandbox.id}/files?path=many/${client}.bin`
      for (let round = 1; round <= 15; round += 1) {
        const bytes = randomBytes(round * 61_003)
        expect((await fetch(url, { method: 'PUT', body: bytes })).status).toBe(200)
        for (const _ of [1, 2]) {
          const got = await fetch(url)
          expect(Buffer.from(await got.arrayBuffer()).equals(bytes)).toBe(true)
        }
        const leaving = new AbortController()
        await fetch(url, { signal: leaving.signal })
        leaving.abort()
      }
    }
    await Promise.all(Array.from({ length: 6 }, (_, client) => work(client)))
  })

  test('keeps a command in the background, and gives its output again to who comes back', async ({
    system,
    sandbox,
  }) => {
    const commands = `/v1/sandboxes/${sandbox.id}/commands`
    const started = await system.call('POST', commands, {
      command: 'while read l; do echo "got $l"; done',
      background: true,
      interactive: true,
      tag: 'loop',
    })
    expect(started.status).toBe(201)
    const { id, pid } = commandSchema.parse(await started.json())
    expect(pid).toBeGreaterThan(1)
    expect((await system.call('POST', `${commands}/${id}/stdin`, { data: 'one\n' })).status).toBe(204)
    const listed = commandListSchema.parse(await (await system.call('GET', commands)).json()).commands
    expect(listed.find((one) => one.id === id)).toMatchObject({
      tag: 'loop',
      status: 'running',
      background: true,
    })
    expect((await system.call('POST', `${commands}/${id}/stdin`, { data: 'two\n', end: true })).status).toBe(204)
    const read = async () =>
      (await (await system.call('GET', `${commands}/${id}/events`)).text())
        .trim()
        .split('\n')
        .map((line) => jobEventSchema.parse(JSON.parse(line)))
    const [first, second] = [await read(), await read()]
    expect(second).toEqual(first)
    expect(first.map((event) => (event.type === 'stdout' ? event.data : '')).join('')).toBe('got one\ngot two\n')
    expect(first.at(-1)).toMatchObject({ type: 'finished', outcome: { type: 'exited', exitCode: 0 } })
    const late = await system.call('POST', `${commands}/${id}/signal`, { signal: 'SIGTERM' })
    expect(await statusAndCode(late)).toEqual([409, 'command-finished'])
  })

  test('opens a terminal with its access token, and opens it again after the socket has closed', async ({
    system,
    sandbox,
  }) => {
    const url = `${system.url.replace('http', 'ws')}/v1/sandboxes/${sandbox.id}/terminal`
    const open = async (query: string) => {
      const socket = new WebSocket(`${url}${query}`, ['runnel', sandbox.accessToken ?? ''])
      socket.binaryType = 'arraybuffer'
      const frames: { type: string; id?: string; isNew?: boolean; outcome?: object }[] = []
      const screen = { text: '' }
      socket.addEventListener('message', ({ data }) => {
        if (typeof data === 'string') frames.push(JSON.parse(data))
        else screen.text += Buffer.from(data).toString()
      })
      await eventually(() => frames.length > 0, { withinMs: 20_000 })
      return { socket, frames, screen }
    }
    const first = await open('?cols=100&rows=30')
    expect([first.socket.protocol, first.frames[0]]).toEqual([
      'runnel',
      expect.objectContaining({ type: 'ready', isNew: true }),
    ])
    first.socket.send(new TextEncoder().encode('echo $((40 + 2)); stty size\r'))
    await eventually(() => /42\s+30 100/.test(first.screen.text), { withinMs: 20_000 })
    // A frame that cannot be read gets an error, and the terminal goes on.
    const bad = ['{', 'null', '{"type":"resize","cols":0,"rows":1}', '{"type":"kill"}']
    for (const text of bad) first.socket.send(text)
    await eventually(() => first.frames.filter(({ type }) => type === 'error').length === bad.length, {
      withinMs: 20_000,
    })
    first.socket.send(JSON.stringify({ type: 'resize', cols: 120, rows: 40 }))
    first.socket.close()
    await once(first.socket, 'close')
    const again = await open(`?command=${first.frames[0]?.id}`)
    expect(again.frames[0]).toMatchObject({ type: 'ready', id: first.frames[0]?.id, isNew: false })
    await eventually(() => again.screen.text.includes('42'), { withinMs: 20_000 })
    again.socket.send(new TextEncoder().encode('exit 7\r'))
    const [{ code }] = await once(again.socket, 'close')
    expect([code, again.frames.at(-1)]).toEqual([1000, { type: 'finished', outcome: { type: 'exited', exitCode: 7 } }])
  })

  test('notes what happens to files, for who asks later', async ({ system, sandbox }) => {
    const watchers = `/v1/sandboxes/${sandbox.id}/watchers`
    await run(system, sandbox, { command: 'mkdir -p seen' })
    const made = await system.call('POST', watchers, { path: 'seen' })
    expect(made.status).toBe(201)
    const { id } = watcherSchema.parse(await made.json())
    await run(system, sandbox, { command: 'echo 1 > seen/a; rm seen/a' })
    await eventually(
      async () => {
        const { events } = watchedSchema.parse(await (await system.call('GET', `${watchers}/${id}`)).json())
        const types = events.map(({ type }) => type)
        if (!types.includes('create') || !types.includes('remove')) throw new Error(types.join())
      },
      { withinMs: 10_000 },
    )
    // A stream gives the same again, then what comes, and ends when the watcher is deleted.
    const stream = (await system.call('GET', `${watchers}/${id}/events`)).text()
    await run(system, sandbox, { command: 'echo 2 > seen/b' })
    await eventually(
      async () => {
        const { events } = watchedSchema.parse(await (await system.call('GET', `${watchers}/${id}`)).json())
        expect(events.some(({ path }) => path.endsWith('/b'))).toBe(true)
      },
      { withinMs: 10_000 },
    )
    expect((await system.call('DELETE', `${watchers}/${id}`)).status).toBe(204)
    const paths = (await stream)
      .trim()
      .split('\n')
      .map((line) => watchEventSchema.parse(JSON.parse(line)).path)
    expect([paths[0], paths.at(-1)]).toEqual(['/home/user/seen/a', '/home/user/seen/b'])
    expect(await statusAndCode(await system.call('GET', `${watchers}/${id}`))).toEqual([404, 'watcher-not-found'])
  })

  test('is paused, resumed, told its time, and ends when it is deleted', async ({ system }) => {
    const sandbox = await create(system, { metadata: { chat: '1' }, files: [{ path: 'a.txt', content: 'there' }] })
    const url = `/v1/sandboxes/${sandbox.id}`
    expect((await run(system, sandbox, { command: 'cat', args: ['a.txt'] })).output?.stdout.data).toBe('there')
    const shorter = sandboxSchema.parse(await (await system.call('PATCH', url, { timeoutMs: 100_000 })).json())
    expect(Date.parse(shorter.endsAt ?? '') - Date.now()).toBeLessThanOrEqual(100_000)
    // Frozen, nothing that waits hangs; what ran goes on afterwards.
    const waiting = system.call('POST', `${url}/commands?wait=60000`, { command: 'sleep 1; echo awake > b.txt' })
    await eventually(async () => {
      const { commands } = commandListSchema.parse(await (await system.call('GET', `${url}/commands`)).json())
      expect(commands[0]?.status).toBe('running')
    })
    expect(await (await system.call('POST', `${url}/pause`)).json()).toMatchObject({ status: 'paused' })
    expect(await statusAndCode(await waiting)).toEqual([409, 'sandbox-paused'])
    expect(await statusAndCode(await system.call('POST', `${url}/commands`, { command: 'true' }))).toEqual([
      409,
      'sandbox-paused',
    ])
    expect(await (await system.call('POST', `${url}/resume`)).json()).toMatchObject({ status: 'running' })
    await eventually(async () =>
      expect(await (await system.call('GET', `${url}/files?path=b.txt`)).text()).toBe('awake\n'),
    )
    const used = sandboxMetricsSchema.parse(await (await system.call('GET', `${url}/metrics`)).json())
    expect(used.memoryBytes).toBeGreaterThan(0)
    const deleted = await system.call('DELETE', url)
    expect([deleted.status, await deleted.json()]).toEqual([
      200,
      expect.objectContaining({ status: 'ended', ending: 'deleted' }),
    ])
    const late = await system.call('POST', `${url}/commands`, { command: 'true' })
    expect([late.status, await late.json()]).toEqual([
      410,
      { error: expect.objectContaining({ code: 'sandbox-ended', ending: 'deleted' }) },
    ])
    const found = await system.call('GET', '/v1/sandboxes?metadata=chat=1&status=ended')
    const { sandboxes } = sandboxPageSchema.parse(await found.json())
    expect(sandboxes.map(({ id }) => id)).toEqual([sandbox.id])
  })

  test('that was made with autoResume goes on when something is asked of it', async ({ system }) => {
    const sandbox = await create(system, { autoResume: true })
    const url = `/v1/sandboxes/${sandbox.id}`
    expect(await (await system.call('POST', `${url}/pause`)).json()).toMatchObject({ status: 'paused' })
    expect((await run(system, sandbox, { command: 'echo awake' })).output?.stdout.data).toBe('awake\n')
    expect(await (await system.call('GET', url)).json()).toMatchObject({ status: 'running', autoResume: true })
    await system.call('DELETE', url)
  })
})

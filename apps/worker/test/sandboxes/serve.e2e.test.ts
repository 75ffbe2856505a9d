import { once } from 'node:events'
import { request as httpRequest } from 'node:http'
import {
  type Job,
  type JobEvent,
  jobEventSchema,
  jobSchema,
  type Sandbox,
  sandboxSchema,
  submittedProgramSchema,
} from '@runnel/contract/public'
import { openPrefix } from '@runnel/redis/testing'
import { eventually } from '@runnel/testing'
import { type System, startSystem } from '@runnel/testing/system'
import { test as base, describe, expect } from 'vitest'

/** All tests of this file share the system. */
const test = base
  .extend('env', { scope: 'file' }, { RUNNEL_POOL_MIN: '1', RUNNEL_LANGUAGES: 'python,javascript' })
  .extend('system', { scope: 'file' }, async ({ env }, { onCleanup }) => {
    const parts = new AsyncDisposableStack()
    onCleanup(() => parts.disposeAsync())
    return parts.use(await startSystem({ ...parts.use(openPrefix()), env }))
  })

const FLASK = `from flask import Flask

app = Flask(__name__)

@app.route("/")
def hello_world():
    return "<p>Hello, World!</p>"
`

const FASTAPI = `from fastapi import FastAPI, WebSocket

app = FastAPI()

@app.get("/")
def read_root():
    return {"Hello": "World"}

@app.websocket("/ws")
async def echo(websocket: WebSocket):
    await websocket.accept()
    await websocket.send_text("you said " + await websocket.receive_text())
    await websocket.close()
`

const EXPRESS = `import express from 'express'

const app = express()
app.get('/', (request, response) => response.send('Hello from Express'))
app.listen(process.env.PORT ?? 3000, () => console.log('Express listens'))
`

const HTTP_SERVER = [
  {
    path: 'main.py',
    content: 'import http.server\nhttp.server.test(http.server.SimpleHTTPRequestHandler, port=5000, bind="127.0.0.1")',
  },
  { path: 'index.html', content: 'a page' },
]

const sandboxOf = async (system: System, { sandboxId }: Job): Promise<Sandbox> =>
  sandboxSchema.parse(await (await system.call('GET', `/v1/sandboxes/${sandboxId}`)).json())

/** The event of the first port that the program opens. */
const untilPort = async (system: System, { id }: Job): Promise<Extract<JobEvent, { type: 'port' }>> => {
  const events = await system.call('GET', `/v1/jobs/${id}/events`)
  const decoder = new TextDecoder()
  let text = ''
  for await (const part of events.body ?? []) {
    text += decoder.decode(part, { stream: true })
    const whole = text.slice(0, text.lastIndexOf('\n'))
    for (const line of whole.split('\n').filter((line) => line.includes('"port"'))) {
      const event = jobEventSchema.parse(JSON.parse(line))
      if (event.type === 'port') return event
    }
  }
  throw new Error(`The program opened no port: ${text}`)
}

/** Node does not resolve names below localhost: the API's address, with a Host. */
const ask = (system: System, event: { readonly url?: string | undefined }, headers: Record<string, string>) =>
  httpRequest({
    host: '127.0.0.1',
    port: new URL(system.url).port,
    agent: false,
    path: new URL(event.url ?? '').pathname,
    headers: { host: new URL(event.url ?? '').host, ...headers },
  })

const visit = async (system: System, event: { readonly url?: string | undefined }, token: string): Promise<string> => {
  const asked = ask(system, event, { 'x-access-token': token }).end()
  const [answer] = await once(asked, 'response')
  return `${answer.statusCode} ${Buffer.concat(await answer.toArray()).toString()}`
}

/** What a WebSocket answers to one message. */
const talk = async (system: System, url: string, token: string, message: string): Promise<string> => {
  const upgrade = { connection: 'upgrade', upgrade: 'websocket', 'sec-websocket-version': '13' }
  const key = { 'sec-websocket-key': Buffer.alloc(16).toString('base64'), 'x-access-token': token }
  const [, socket, head] = await once(ask(system, { url }, { ...upgrade, ...key }).end(), 'upgrade')
  // A text frame, masked with zeros.
  socket.write(Buffer.concat([Buffer.from([0x81, 0x80 | message.length, 0, 0, 0, 0]), Buffer.from(message)]))
  let said = head.toString('latin1')
  for await (const part of socket) said += part.toString('latin1')
  return said
}

describe('A job that serves', () => {
  test('is a program of its own sandbox: what it prints is in its log, and both end when it is canceled', async ({
    system,
  }) => {
    const job = await system.submit({ code: FLASK, serve: true })
    expect(job).toMatchObject({ status: 'queued', language: 'python', serve: true, sandboxId: expect.any(String) })
    const port = await untilPort(system, job)
    const { accessToken = '' } = await sandboxOf(system, job)
    expect(port).toMatchObject({ port: 8000, open: true, sandboxId: job.sandboxId })
    expect(await visit(system, port, accessToken)).toBe('200 <p>Hello, World!</p>')
    expect(await system.read(job.id)).toMatchObject({ status: 'running', serve: true, attempt: 1 })
    expect(await sandboxOf(system, job)).toMatchObject({
      status: 'running',
      template: 'python',
      workDir: '/workspace',
      timeoutMs: 3_600_000,
      idleTimeoutMs: 300_000,
    })
    const program = submittedProgramSchema.parse(await (await system.call('GET', `/v1/jobs/${job.id}/program`)).json())
    expect(program).toMatchObject({ code: FLASK, serve: true, language: 'python' })

    expect((await system.call('DELETE', `/v1/jobs/${job.id}`)).status).toBe(200)
    const finished = await system.finished(job.id)
    expect(finished.outcome).toEqual({ type: 'canceled' })
    expect(finished.output?.stderr.data).toContain('"GET / HTTP/1.1" 200')
    await eventually(async () =>
      expect(await sandboxOf(system, job)).toMatchObject({ status: 'ended', ending: 'finished' }),
    )
  })

  test.for([
    ['FastAPI, with a WebSocket', { code: FASTAPI }, 8000, '200 {"Hello":"World"}'],
    ['Express', { code: EXPRESS }, 8000, '200 Hello from Express'],
    ['http.server', { files: HTTP_SERVER, entry: 'main.py' }, 5000, '200 a page'],
  ] as const)('may be a program of %s', async ([name, program, wanted, page], { system }) => {
    const job = await system.submit({ ...program, serve: true })
    const port = await untilPort(system, job)
    const { accessToken = '' } = await sandboxOf(system, job)
    expect(port.port).toBe(wanted)
    expect(await visit(system, port, accessToken)).toBe(page)
    if (name.includes('WebSocket'))
      expect(await talk(system, `${port.url}/ws`, accessToken, 'hi')).toContain('you said hi')
    await system.call('DELETE', `/v1/sandboxes/${job.sandboxId}`)
    expect((await system.finished(job.id)).outcome).toEqual({ type: 'sandbox-ended', ending: 'deleted' })
  })

  test('takes input, ends when its program ends, and prints as much as it may; the same key gives the same job', async ({
    system,
  }) => {
    const code = 'print("x" * 100)\nprint(input())\nraise SystemExit(3)'
    const submission = { code, language: 'python', serve: true, interactive: true, limits: { outputBytes: 50 } }
    const submit = async () => {
      const headers = { 'content-type': 'application/json', 'idempotency-key': 'once' }
      const body = JSON.stringify(submission)
      return jobSchema.parse(await (await fetch(`${system.url}/v1/jobs`, { method: 'POST', headers, body })).json())
    }
    const job = await submit()
    expect((await submit()).id).toBe(job.id)
    await eventually(async () => expect((await system.read(job.id)).status).toBe('running'))
    const input = await system.call('POST', `/v1/jobs/${job.id}/stdin`, { data: 'a line\n' })
    expect(input.status).toBe(204)
    const { outcome, output } = await system.finished(job.id)
    expect(outcome).toEqual({ type: 'exited', exitCode: 3 })
    expect(output).toEqual({
      stdout: { encoding: 'utf8', data: 'x'.repeat(50) },
      stderr: { encoding: 'utf8', data: '' },
      truncated: false,
      dropped: true,
    })
    const events = await system.events(job.id)
    expect(events.map(({ type }) => type)).toEqual(['queued', 'started', 'stdout', 'dropped', 'finished'])
    expect(events.map(({ id }) => id)).toEqual(['0-1', '1-1', '1-2', '1-3', '1-4'])
    await eventually(async () => expect(await sandboxOf(system, job)).toMatchObject({ ending: 'finished' }))
  })

  test('is seen in a plain job, which says so', async ({ system }) => {
    const job = await system.submit({ code: FLASK })
    expect([job.serves, job.serve, job.sandboxId]).toEqual([true, undefined, undefined])
    expect((await system.finished(job.id)).serves).toBe(true)
  })
})

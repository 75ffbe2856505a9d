import {
  commandSchema,
  type Job,
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
  .extend('env', { scope: 'file' }, { RUNNEL_POOL_MIN: '1' })
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

const HTTP_SERVER = `import http.server
http.server.test(http.server.SimpleHTTPRequestHandler, port=5000, bind="127.0.0.1")
`

const sandboxOf = async (system: System, { sandboxId }: Job): Promise<Sandbox> =>
  sandboxSchema.parse(await (await system.call('GET', `/v1/sandboxes/${sandboxId}`)).json())

/** What a program in the sandbox gets. */
const ask = (system: System, { sandboxId }: Job, python: string): Promise<string> =>
  eventually(
    async () => {
      const answer = await system.call('POST', `/v1/sandboxes/${sandboxId}/commands?wait=10000`, {
        command: 'python3',
        args: ['-c', python],
      })
      const { outcome, output } = commandSchema.parse(await answer.json())
      expect(outcome).toEqual({ type: 'exited', exitCode: 0 })
      return output?.stdout.data ?? ''
    },
    { withinMs: 20_000 },
  )

const get = (port: number) =>
  `import urllib.request as r; print(r.urlopen("http://localhost:${port}/").read().decode())`

describe('A job that serves', () => {
  test('is a program of its own sandbox: what it prints is in its log, and both end when it is canceled', async ({
    system,
  }) => {
    const job = await system.submit({ code: FLASK, serve: true })
    expect(job).toMatchObject({ status: 'queued', language: 'python', serve: true, sandboxId: expect.any(String) })
    expect(await ask(system, job, get(8000))).toBe('<p>Hello, World!</p>\n')
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
    ['FastAPI, with a WebSocket', { code: FASTAPI }, 8000, '{"Hello":"World"}\n'],
    ['Express', { code: EXPRESS }, 8000, 'Hello from Express\n'],
    [
      'http.server',
      {
        files: [
          { path: 'main.py', content: HTTP_SERVER },
          { path: 'index.html', content: 'a page' },
        ],
      },
      5000,
      'a page\n',
    ],
  ] as const)('may be a program of %s', async ([, program, port, page], { system }) => {
    const job = await system.submit({ ...program, serve: true })
    expect(await ask(system, job, get(port))).toBe(page)
    if (page.includes('{')) {
      const talk =
        'from websockets.sync.client import connect\nwith connect("ws://localhost:8000/ws") as s:\n  s.send("hi"); print(s.recv())'
      expect(await ask(system, job, talk)).toBe('you said hi\n')
    }
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

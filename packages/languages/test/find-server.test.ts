import { describe, expect, test } from 'vitest'
import type { LanguageId } from '../src/catalogue.ts'
import { findServer, toServeCommand } from '../src/find-server.ts'

const FLASK = `from flask import Flask, request
app = Flask(__name__)

@app.route("/")
def hello():
    return "<p>Hello, World!</p>"
`
const FASTAPI = `from fastapi import FastAPI, WebSocket

api: FastAPI = FastAPI(title="Chat")

@api.get("/")
async def read_root():
    return {"Hello": "World"}
`
const HTTP_SERVER = `import socketserver, http.server
with socketserver.TCPServer(("", 8000), http.server.SimpleHTTPRequestHandler) as httpd:
    httpd.serve_forever()
`
const EXPRESS = `const express = require('express')
const app = express()
app.get('/', (req, res) => res.send('Hello World!'))
app.listen(3000, () => console.log('Listening'))
`
const NODE = `import { createServer } from 'node:http'
createServer((request, response) => response.end('hello')).listen(process.env.PORT ?? 3000)
`

const SERVE: readonly (readonly [name: string, language: LanguageId, content: string, server: unknown])[] = [
  ["Flask's tutorial, without a line that runs it", 'python', FLASK, { by: 'flask' }],
  [
    'Flask that runs itself',
    'python',
    `${FLASK}\nif __name__ == "__main__":\n    app.run(debug=True)\n`,
    { by: 'itself' },
  ],
  ['FastAPI without a line that runs it', 'python', FASTAPI, { by: 'uvicorn', app: 'api' }],
  ['FastAPI that runs uvicorn', 'python', `import uvicorn\n${FASTAPI}\nuvicorn.run(api)\n`, { by: 'itself' }],
  ['http.server', 'python', HTTP_SERVER, { by: 'itself' }],
  ['asyncio', 'python', 'import asyncio\nasyncio.run(asyncio.start_server(print, port=7))', { by: 'itself' }],
  ['Express', 'javascript', EXPRESS, { by: 'itself' }],
  ['node:http', 'typescript', NODE, { by: 'itself' }],
  ['a shell line', 'bash', '#!/bin/bash\ncd site\nexec python3 -m http.server 8000\n', { by: 'itself' }],
]

const DO_NOT: readonly (readonly [name: string, language: LanguageId, content: string])[] = [
  ['a client', 'python', 'import http.client\nhttp.client.HTTPConnection("x")'],
  ['a comment', 'python', '# from flask import Flask\n# app = Flask(__name__)\nprint(1)'],
  ['a class that is called Flask', 'python', 'class Flask: pass\nFlask()'],
  ['asyncio without a server', 'python', 'import asyncio\nasyncio.run(main())'],
  ['a server that asks itself', 'javascript', `import http from 'http'\nhttp.createServer(print).listen(0, ask)`],
  ['a listener of events', 'javascript', `import { EventEmitter } from 'node:events'\nnew EventEmitter().listen(1)`],
  ['an app that listens nowhere', 'javascript', `import express from 'express'\nexport const app = express()`],
  ['a shell that looks for one', 'bash', 'echo "python3 -m http.server"\ngrep uvicorn log.txt'],
]

describe('A program is seen to serve', () => {
  test.each(SERVE)('%s', (_name, language, content, server) => {
    expect(findServer(language, content)).toEqual(server)
  })
})

describe('A program is not seen to serve', () => {
  test.each(DO_NOT)('%s', (_name, language, content) => {
    expect(findServer(language, content)).toBeUndefined()
  })
})

test.each(['#\n', '\n', 'import ,', 'from flask import Flask(', '.listen(', "require('", 'flask run', 'a=FastAPI('])(
  'A hostile text of %j takes less than 50 ms',
  (piece) => {
    const text = piece.repeat(Math.ceil((1024 * 1024) / piece.length))
    const before = process.threadCpuUsage()
    for (const language of ['python', 'javascript', 'bash'] as const) findServer(language, text)
    const { user, system } = process.threadCpuUsage(before)
    expect((user + system) / 1000).toBeLessThan(50)
  },
)

describe('The command that serves', () => {
  const command = ['python3', '-u', 'main.py']
  test('starts uvicorn with an app of FastAPI, from the folder of its file', () => {
    const toArgv = (entry: string) => toServeCommand({ by: 'uvicorn', app: 'api' }, { entry, port: 8000, command })
    const at = ['--host', '127.0.0.1', '--port', '8000']
    expect(toArgv('main.py')).toEqual(['python3', '-u', '-m', 'uvicorn', 'main:api', '--app-dir', '.', ...at])
    expect(toArgv('src/web/app.py')).toEqual([
      'python3',
      '-u',
      '-m',
      'uvicorn',
      'app:api',
      '--app-dir',
      'src/web',
      ...at,
    ])
    expect(toArgv('my app.py')).toEqual(command)
  })

  test("starts Flask's own server with an app of Flask", () => {
    expect(toServeCommand({ by: 'flask' }, { entry: 'main.py', port: 5000, command })).toEqual(
      'python3 -u -m flask --app ./main.py run --host 127.0.0.1 --port 5000'.split(' '),
    )
  })

  test('is the usual one for a program that starts its server itself, and for one that is not seen to serve', () => {
    expect(toServeCommand({ by: 'itself' }, { entry: 'main.py', port: 8000, command })).toEqual(command)
    expect(toServeCommand(undefined, { entry: 'main.py', port: 8000, command })).toEqual(command)
  })
})

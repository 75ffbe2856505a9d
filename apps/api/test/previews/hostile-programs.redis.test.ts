import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { redisTest } from '@runnel/redis/testing'
import { eventually } from '@runnel/testing'
import { describe, expect } from 'vitest'
import { type House, type PlayedSandbox, startHouse } from './preview-house.ts'

const SILENT_MS = 500

const test = redisTest
  .extend('house', ({ redisUrl, prefix, resources }) =>
    startHouse({ redisUrl, prefix, resources, previewSilentMs: SILENT_MS }),
  )
  .extend('sandbox', ({ house }) => house.hold('acme'))

/** A program that answers each request with these bytes, and ends the connection if it is told to. */
const saying =
  (text: string, { ends = true } = {}) =>
  (socket: Socket): void => {
    socket.once('data', () => {
      socket.write(text, 'latin1')
      if (ends) socket.end()
    })
  }

const askFor = async (house: House, sandbox: PlayedSandbox, port: number, path = '/') => {
  const host = house.hostOf(sandbox, port)
  return house.ask(path, { host, headers: { 'x-access-token': sandbox.accessToken } })
}

/** What comes back for these bytes, until the API closes the connection. */
const talk = async (house: House, text: string): Promise<string> => {
  const socket = connect(house.port, '127.0.0.1')
  socket.write(text, 'latin1')
  const parts: Buffer[] = []
  for await (const part of socket) parts.push(part)
  return Buffer.concat(parts).toString('latin1')
}

const HEAD = 'HTTP/1.1 200 OK\r\n'

describe('A program that does not speak HTTP', () => {
  test.for([
    ['garbage', '\0\x01garbage\xff\r\n\r\n', 'it sent what is not HTTP'],
    ['another protocol', 'SSH-2.0-OpenSSH\r\n', 'it sent what is not HTTP'],
    ['nothing', '', 'it closed the connection before it answered'],
    ['half a head', `${HEAD}Content-Le`, 'it closed the connection before it answered'],
    ['endless headers', `${HEAD}${'X-More: 1234567890\r\n'.repeat(8_000)}`, 'it sent more than 65536 bytes of headers'],
    ['two lengths', `${HEAD}Content-Length: 1\r\nContent-Length: 2\r\n\r\nab`, 'it sent what is not HTTP'],
    [
      'a length and chunks',
      `${HEAD}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      'it sent what is not HTTP',
    ],
    ['a header with a line in it', `${HEAD}X-A: b\rX-C: d\r\n\r\n`, 'it sent what is not HTTP'],
    [
      'another protocol that nobody asked for',
      'HTTP/1.1 101 Go\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n',
      'it closed the connection before it answered',
    ],
    ['a status that there is not', 'HTTP/1.1 007 Bond\r\nContent-Length: 0\r\n\r\n', 'it sent what is not HTTP'],
  ])('gets a 502 that says why: %s', async ([, text = '', why], { house, sandbox }) => {
    const port = await house.listen(saying(text))
    const { status, body } = await askFor(house, sandbox, port)
    const { code, message } = JSON.parse(body).error
    expect([status, code, message]).toEqual([
      502,
      'bad-preview-answer',
      `The program on port ${port} did not answer: ${why}`,
    ])
    await eventually(() => expect(sandbox.count.open).toBe(0))
  })

  test('is not waited for without end', async ({ house, sandbox }) => {
    const port = await house.listen(saying('HTTP/1.1 200', { ends: false }))
    const { status, body } = await askFor(house, sandbox, port)
    expect([status, JSON.parse(body).error.message]).toEqual([
      502,
      `The program on port ${port} did not answer: nothing came from it for 1 s`,
    ])
  })

  test.for([
    ['a length that it does not keep', `${HEAD}Content-Length: 10\r\n\r\nhalf`],
    ['chunks without an end', `${HEAD}Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n`],
    ['chunks that are none', `${HEAD}Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\nzz\r\n`],
  ])('breaks off its answer to the client: %s', async ([, text = ''], { house, sandbox }) => {
    const port = await house.listen(saying(text))
    await expect(askFor(house, sandbox, port)).rejects.toMatchObject({ code: 'ECONNRESET' })
  })

  test('cannot put an answer before the next one', async ({ house, sandbox }) => {
    const port = await house.listen((socket) => {
      let count = 0
      socket.on('data', () => {
        count += 1
        socket.write(`${HEAD}Content-Length: 2\r\n\r\n#${count}${HEAD}Content-Length: 6\r\n\r\nforged`)
      })
    })
    for (let count = 0; count < 4; count += 1) expect((await askFor(house, sandbox, port)).body).toBe('#1')
  })
})

describe('A request that can be read in two ways', () => {
  test.for([
    ['a length and chunks', 'Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['two lengths', 'Content-Length: 4\r\nContent-Length: 5\r\n\r\nbody'],
    ['a coding that is not the last', 'Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n'],
    ['a space before the colon', 'Content-Length : 4\r\n\r\nbody'],
    ['bare line feeds', 'X-A: 1\nContent-Length: 4\r\n\r\nbody'],
    ['a bare carriage return', 'X-A: 1\rContent-Length: 4\r\n\r\nbody'],
    ['a chunk with a wrong end', 'Transfer-Encoding: chunked\r\n\r\n1\r\nxy0\r\n\r\n'],
    ['two Hosts', 'Host: localhost\r\n\r\n'],
  ])('reaches no program: %s', async ([, lines], { house, sandbox }) => {
    const seen: string[] = []
    const port = await house.listen((socket) => {
      socket.on('data', (data) => seen.push(String(data)))
      socket.once('data', () => socket.end(`${HEAD}Content-Length: 0\r\n\r\n`))
    })
    const head = [`POST / HTTP/1.1`, `Host: ${house.hostOf(sandbox, port)}`, 'Connection: close']
    const answer = await talk(house, `${head.join('\r\n')}\r\nX-Access-Token: ${sandbox.accessToken}\r\n${lines}`)
    expect(answer.slice(0, 12)).toBe('HTTP/1.1 400')
    expect(seen.filter((text) => text.includes('0\r\n\r\n') || text.includes('body'))).toEqual([])
  })

  test('is passed on with one line for a folded header, or not at all', async ({ house, sandbox }) => {
    let seen = ''
    const port = await house.listen((socket) => {
      socket.once('data', (data) => {
        seen = String(data)
        socket.end(`${HEAD}Content-Length: 0\r\n\r\n`)
      })
    })
    const head = ['GET / HTTP/1.1', `Host: ${house.hostOf(sandbox, port)}`, 'Connection: close', 'X-A: 1', ' X-B: 2']
    await talk(house, `${[...head, `X-Access-Token: ${sandbox.accessToken}`].join('\r\n')}\r\n\r\n`)
    expect(seen).not.toMatch(/\r\n[ \t]/)
    expect(seen).not.toMatch(/^X-B/m)
  })

  test.for(['http://127.0.0.1/v1/sandboxes', '*', 'v1/sandboxes'])(
    'reaches nothing: the URL %s',
    async (url, { house, sandbox }) => {
      const port = await house.listen(saying(`${HEAD}Content-Length: 7\r\n\r\nprogram`))
      const host = house.hostOf(sandbox, port)
      const answer = await talk(house, `GET ${url} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)
      expect(answer.slice(0, 12)).toBe('HTTP/1.1 400')
    },
  )
})

describe('Clients', () => {
  test('that leave in the middle leave nothing open', async ({ house, sandbox }) => {
    const port = await house.listen(saying(`${HEAD}Content-Length: 1000000\r\n\r\n`, { ends: false }))
    const head = `Host: ${house.hostOf(sandbox, port)}\r\nX-Access-Token: ${sandbox.accessToken}\r\n`
    const clients = [
      `GET / HTTP/1.1\r\n${head}\r\n`,
      `POST / HTTP/1.1\r\n${head}Content-Length: 1000\r\n\r\nhalf`,
      `GET / HTTP/1.1\r\n${head}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
    ].map((text) => {
      const socket = connect(house.port, '127.0.0.1')
      socket.write(text)
      return socket
    })
    await eventually(() => expect(sandbox.count.open).toBe(3))
    for (const client of clients) client.destroy()
    await eventually(() => expect(sandbox.count.open).toBe(0))
  })
})

describe('A sandbox that ends under an open preview', () => {
  test('breaks off what is open, and says afterwards why', async ({ house, sandbox }) => {
    const port = await house.listen(saying(`${HEAD}Content-Length: 1000000\r\n\r\nstart`, { ends: false }))
    const open = askFor(house, sandbox, port)
    open.catch(() => {})
    await eventually(() => expect(sandbox.count.open).toBe(1))
    const silent = await house.listen(() => {})
    const waiting = askFor(house, sandbox, silent)
    await eventually(() => expect(sandbox.count.open).toBe(2))
    await sandbox.end()
    await expect(open).rejects.toThrow('aborted')
    const { status, body } = await waiting
    expect([status, JSON.parse(body).error]).toEqual([
      410,
      expect.objectContaining({ code: 'sandbox-ended', ending: 'idle' }),
    ])
    await eventually(async () => expect((await askFor(house, sandbox, port)).status).toBe(410))
  })

  test('whose API stops is broken off at once', async ({ house, sandbox }) => {
    const port = await house.listen(saying(`${HEAD}Content-Length: 1000000\r\n\r\nstart`, { ends: false }))
    const socket = connect(house.port, '127.0.0.1')
    const head = `Host: ${house.hostOf(sandbox, port)}\r\nX-Access-Token: ${sandbox.accessToken}\r\n`
    socket.write(`GET / HTTP/1.1\r\n${head}\r\n`)
    await once(socket, 'data')
    const gone = once(socket, 'close')
    await house.api.app.close()
    await gone
    await eventually(() => expect(sandbox.count.open).toBe(0))
  })
})

test('Nothing that listens is a page that looks again for people, and an error for programs', async ({
  house,
  sandbox,
}) => {
  const host = house.hostOf(sandbox, 1)
  const headers = { 'x-access-token': sandbox.accessToken }
  const forProgram = await house.ask('/', { host, headers })
  expect([forProgram.status, JSON.parse(forProgram.body).error.code, forProgram.headers['retry-after']]).toEqual([
    502,
    'nothing-listens',
    '1',
  ])
  const page = await house.ask('/', { host, headers: { ...headers, accept: 'text/html,*/*' } })
  expect([page.status, page.headers['content-type']]).toEqual([502, 'text/html; charset=utf-8'])
  expect(page.body).toContain('Nothing listens on port 1 in the sandbox')
  expect(page.body).toContain('This page looks again each second.')
})

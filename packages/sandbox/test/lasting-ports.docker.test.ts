import { once } from 'node:events'
import type { Duplex } from 'node:stream'
import { buffer, text } from 'node:stream/consumers'
import { LANGUAGES } from '@runnel/languages'
import { eventually } from '@runnel/testing'
import Docker from 'dockerode'
import { afterAll, describe, expect, it } from 'vitest'
import { DialRefusal, type HeldSandbox } from '../src/index.ts'
import { createTestSandboxes } from './docker-fixture.ts'
import { finish, hold, toCommand } from './lasting.ts'

const sandboxes = createTestSandboxes({ languages: LANGUAGES.slice(0, 1) })
afterAll(() => sandboxes[Symbol.asyncDispose]())

const MIB = 1024 * 1024

/** Starts Python code that prints a line when it listens. */
const serve = async (sandbox: HeldSandbox, code: string) => {
  const held = sandbox.start(toCommand('', { argv: ['python3', '-u', '-c', code], wallMs: null }))
  const output = held.output[Symbol.asyncIterator]()
  // The line and its end may come apart.
  let line = ''
  while (!line.endsWith('\n')) {
    const { value, done } = await output.next()
    if (done) throw new Error(`The program ended after ${JSON.stringify(line)}`)
    line += value.bytes.toString()
  }
  return { held, output, line }
}

/** Listens on these addresses until it is killed. */
const listenOn = (...addresses: (readonly [address: string, port: number])[]): string =>
  `import signal, socket
def listen(address, port):
  new = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
  if new.family == socket.AF_INET6: new.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, not address.startswith("::ffff"))
  new.bind((address, port)); new.listen(300); return new
kept = [listen(*one) for one in ${JSON.stringify(addresses)}]
print("listens")
signal.pause()`

/** Answers each connection by this: \`one\` is its socket. */
const answerBy = (body: string, port = 8000): string =>
  `import socket, threading
def answer(one):
  ${body.split('\n').join('\n  ')}
with socket.create_server(("127.0.0.1", ${port}), backlog=128) as server:
  print("listens")
  while True: threading.Thread(target=answer, args=(server.accept()[0],), daemon=True).start()`

const ECHO = answerBy(`while data := one.recv(1 << 16): one.sendall(data)
one.sendall(b"bye")
one.close()`)

const untilClosed = async (connection: Duplex): Promise<void> => {
  if (!connection.closed) await once(connection, 'close')
}

const refusalOf = (dialling: Promise<Duplex>): Promise<unknown> =>
  dialling.then(
    () => 'connected',
    (error: unknown) => (error instanceof DialRefusal ? error.code : error),
  )

describe('The ports of a sandbox that lasts', () => {
  it('are those that a connection from outside can reach, soon after they are listened on', async () => {
    await using sandbox = await hold(sandboxes)
    const changes = sandbox.ports.changes()[Symbol.asyncIterator]()
    const code = listenOn(
      ['127.0.0.1', 8001],
      ['::1', 8002],
      ['0.0.0.0', 80],
      ['::', 8004],
      ['::ffff:127.0.0.1', 8005],
      ['127.0.0.2', 8006],
    )
    const { held } = await serve(sandbox, code)
    const startedMs = performance.now()
    await eventually(() => expect(sandbox.ports.listening).toEqual([80, 8001, 8002, 8004, 8005]))
    expect(performance.now() - startedMs).toBeLessThan(500)
    const { value } = await changes.next()
    expect(value).toEqual({ opened: [80, 8001, 8002, 8004, 8005], closed: [] })
    held.signal('SIGKILL')
    expect(await changes.next()).toEqual({ done: false, value: { opened: [], closed: [80, 8001, 8002, 8004, 8005] } })
    await sandbox[Symbol.asyncDispose]()
    expect(await changes.next()).toEqual({ done: true, value: undefined })
  })

  it('cost next to nothing while nothing changes', async () => {
    await using sandbox = await hold(sandboxes)
    const { held } = await serve(sandbox, listenOn(['127.0.0.1', 8001]))
    await eventually(() => expect(sandbox.ports.listening).toEqual([8001]))
    const container = new Docker().getContainer(sandbox.id)
    // Of everything in it, the agent as well.
    const cpuMs = async () => (await container.stats({ stream: false })).cpu_stats.cpu_usage.total_usage / 1e6
    // The looks get rarer in the first seconds.
    await new Promise((resolve) => setTimeout(resolve, 2_000))
    const before = await cpuMs()
    await new Promise((resolve) => setTimeout(resolve, 2_000))
    // It takes 1.2 ms a second (2026-11-30). One look at the tables in /proc would take 4.5 ms.
    expect((await cpuMs()) - before).toBeLessThan(20)
    held.signal('SIGKILL')
  })
})

describe('A connection to a port of a sandbox that lasts', () => {
  it('carries bytes both ways, and each side ends its half', async () => {
    await using sandbox = await hold(sandboxes)
    const { held } = await serve(sandbox, ECHO)
    const connection = await sandbox.dial(8000)
    const sent = Buffer.alloc(5 * MIB, 'abcdefghij\n')
    const received = buffer(connection)
    connection.end(sent)
    expect((await received).equals(Buffer.concat([sent, Buffer.from('bye')]))).toBe(true)
    await untilClosed(connection)
    expect(connection.errored).toBeNull()
    held.signal('SIGKILL')
  })

  it('reaches a program that listens on ::1 only, and is refused where nothing listens', async () => {
    await using sandbox = await hold(sandboxes)
    expect(await refusalOf(sandbox.dial(8002))).toBe('nothing-listens')
    const { held } = await serve(sandbox, listenOn(['::1', 8002]))
    const connection = await sandbox.dial(8002)
    connection.destroy()
    expect(await refusalOf(sandbox.dial(8003))).toBe('nothing-listens')
    await expect(sandbox.dial(70_000)).rejects.toThrow('There is no port 70000')
    held.signal('SIGKILL')
  })

  it('stops the program where nobody reads, and stops the writer where the program does not read', async () => {
    await using sandbox = await hold(sandboxes)
    const flood = answerBy(`sent = 0
one.settimeout(1)
try:
  while sent < 64 << 20: sent += one.send(bytes(1 << 16))
except TimeoutError: pass
print("stopped\\n", end="")
one.settimeout(None)
one.sendall(b"x" * ((64 << 20) - sent))
one.shutdown(socket.SHUT_WR)
while one.recv(1 << 16): pass`)
    const { held, output } = await serve(sandbox, flood)
    const connection = await sandbox.dial(8000)
    expect((await output.next()).value?.bytes.toString()).toBe('stopped\n')
    expect(connection.readableLength).toBeLessThan(MIB)
    const memoryBytes = (await sandbox.metrics()).memoryBytes ?? 0
    expect(memoryBytes).toBeLessThan(64 * MIB)
    let taken = 0
    while (connection.write(Buffer.alloc(64 * 1024)) && taken < 64 * MIB) taken += 64 * 1024
    expect(taken).toBeLessThan(2 * MIB)
    let readBytes = 0
    connection.end()
    for await (const piece of connection) readBytes += piece.length
    expect(readBytes).toBe(64 * MIB)
    held.signal('SIGKILL')
  })

  it('that the program breaks off fails, and others live on when one side is gone', async () => {
    await using sandbox = await hold(sandboxes)
    const { held } = await serve(
      sandbox,
      answerBy(`if one.recv(5) == b"break": one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, bytes([1,0,0,0,0,0,0,0]))
else: one.sendall(b"hello")
one.close()`),
    )
    const broken = await sandbox.dial(8000)
    broken.write('break')
    await expect(text(broken)).rejects.toMatchObject({ code: 'ECONNRESET' })
    const fine = await sandbox.dial(8000)
    fine.write('other')
    expect(await text(fine)).toBe('hello')
    const left = await sandbox.dial(8000)
    left.destroy()
    const last = await sandbox.dial(8000)
    held.signal('SIGKILL')
    await finish(held).catch(() => {})
    expect(await text(last).catch((error: NodeJS.ErrnoException) => error.code)).toMatch(/^$|ECONNRESET/)
  })

  it('is refused beyond two hundred, and ends with its sandbox', async () => {
    const sandbox = await hold(sandboxes)
    await serve(sandbox, listenOn(['127.0.0.1', 8000]))
    const connections = await Promise.all(Array.from({ length: 200 }, () => sandbox.dial(8000)))
    expect(await refusalOf(sandbox.dial(8000))).toBe('too-many-connections')
    for (const one of connections.splice(0, 100)) one.destroy()
    connections.push(...(await Promise.all(Array.from({ length: 100 }, () => sandbox.dial(8000)))))
    await sandbox[Symbol.asyncDispose]()
    for (const one of connections) {
      await untilClosed(one)
      expect(one.errored?.message).toBe('The sandbox has ended')
    }
    await expect(sandbox.dial(8000)).rejects.toThrow('The sandbox has ended')
  })
})

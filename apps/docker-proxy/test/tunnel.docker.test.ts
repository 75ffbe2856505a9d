import { once } from 'node:events'
import http from 'node:http'
import type { Duplex } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { LABEL } from '@runnel/sandbox/labels'
import { eventually } from '@runnel/testing'
import { describe, expect, it } from 'vitest'
import { startProxy } from './proxy-fixture.ts'
import { engine } from './run.ts'

const FRAME_HEADER_BYTES = 8

/** The content of the engine's frames. All belong to one stream here. */
const unframe = (bytes: Buffer): Buffer => {
  const pieces: Buffer[] = []
  for (let at = 0; at < bytes.length; ) {
    const start = at + FRAME_HEADER_BYTES
    at = start + bytes.readUInt32BE(at + 4)
    pieces.push(bytes.subarray(start, at))
  }
  return Buffer.concat(pieces)
}

/** A container that sends back its input, and ends when the input ends. */
const startEcho = async () => {
  const container = await engine.createContainer({
    Image: 'runnel/python',
    Entrypoint: ['cat'],
    Labels: { [LABEL.ours]: '1' },
    NetworkDisabled: true,
    OpenStdin: true,
    StdinOnce: true,
    AttachStdin: true,
    AttachStdout: true,
    AttachStderr: true,
  })
  return { id: container.id, container, [Symbol.asyncDispose]: () => container.remove({ force: true }) }
}

const attach = async (socketPath: string, id: string): Promise<Duplex> => {
  const path = `/containers/${id}/attach?stream=1&stdin=1&stdout=1&stderr=1`
  const headers = { Connection: 'Upgrade', Upgrade: 'tcp' }
  const request = http.request({ socketPath, method: 'POST', path, headers, agent: false })
  request.end()
  const [, socket] = await once(request, 'upgrade')
  return socket
}

describe('An attached connection through the proxy', () => {
  it('ends one direction at a time: bytes that were sent before, and bytes in the other direction, arrive', async () => {
    await using proxy = await startProxy()
    await using echo = await startEcho()
    const socket = await attach(proxy.socketPath, echo.id)
    await echo.container.start()
    const said = Buffer.alloc(4 << 20, 'abcdefg')
    const heard = buffer(socket)
    socket.end(said)
    expect(unframe(await heard).equals(said)).toBe(true)
  })

  it('ends with the proxy, and the program in the container ends too', async () => {
    await using echo = await startEcho()
    const proxy = await startProxy()
    const socket = await attach(proxy.socketPath, echo.id)
    await echo.container.start()
    socket.on('error', () => {})
    const closed = once(socket.resume(), 'close')
    await proxy[Symbol.asyncDispose]()
    await closed
    await eventually(async () => !(await echo.container.inspect()).State.Running)
  })
})

import { Duplex } from 'node:stream'
import { SandboxFailure } from '../sandbox.ts'
import { type AgentConnection, StartRefusal } from './connection.ts'
import { encodeFrame, encodeJsonFrame, ProtocolError } from './frames.ts'
import type { StartSettings } from './held-process.ts'
import { type DialCode, REQUEST } from './protocol.ts'
import { createStdin } from './stdin.ts'

/**
 * Each way, what was sent and not taken yet. All connections of a sandbox share a bound. The way takes 20 ms on a machine with
 * much to do, so a window of 128 KiB is half as fast as one of 512 KiB: 10 MiB took 0.7 s and 0.35 s (2026-11-30).
 */
const ALL_WINDOWS_BYTES = 8 * 1024 * 1024
const [LEAST_WINDOW_BYTES, LARGEST_WINDOW_BYTES] = [64 * 1024, 512 * 1024]
/** The agent gives up a connection that nobody accepts after 10 s. After this much silence it is stuck. */
const DIAL_TIMEOUT_MS = 20_000

/** There is no connection to a port. The sandbox lives on. */
export class DialRefusal extends Error {
  override name = 'DialRefusal'
  /** `no-answer`: something listens, and accepted nothing for 10 s. `too-many-connections`: 200 are open. */
  readonly code: DialCode

  constructor(message: string, code: DialCode) {
    super(message)
    this.code = code
  }
}

/** For one more than `open` connections. */
export const toWindow = (open: number): number => {
  const share = Math.floor(ALL_WINDOWS_BYTES / (open + 1))
  return Math.min(LARGEST_WINDOW_BYTES, Math.max(LEAST_WINDOW_BYTES, share))
}

const toReason = (error: Error): Error =>
  error instanceof StartRefusal
    ? new DialRefusal(error.message, error.code ?? 'failed')
    : new SandboxFailure('The sandbox has ended', { cause: error, programStarted: true })

/**
 * Connects to a port of a sandbox that lasts.
 *
 *   DIAL ─▶ DONE: the stream is there ─▶ STDOUT: it is read, STDIN: it is written ─▶ END: its end ─▶ CLOSED
 */
export const dialPort = (
  connection: AgentConnection,
  port: number,
  windowBytes: number,
  giveUpAfter: StartSettings['giveUpAfter'],
): Promise<Duplex> => {
  const stream = connection.newStream()
  const stdin = createStdin(connection, stream, windowBytes)
  const opened = Promise.withResolvers<Duplex>()
  const over = new AbortController()
  const callOff = giveUpAfter(DIAL_TIMEOUT_MS, 'The agent did not connect to a port')
  let unpaidBytes = 0

  const duplex = new Duplex({
    allowHalfOpen: true,
    // It is called only while less than the high-water mark waits to be read.
    read() {
      if (unpaidBytes < windowBytes / 8) return
      connection.giveCredit(stream, unpaidBytes)
      unpaidBytes = 0
    },
    write(bytes: Buffer, _encoding, done) {
      stdin.write(bytes, over.signal).then(() => done(), done)
    },
    final(done) {
      stdin.end()
      done()
    },
    destroy(error, done) {
      if (!over.signal.aborted) connection.send([encodeFrame(REQUEST.hangUp, stream)])
      over.abort()
      done(error)
    },
  })
  // Its user may not listen yet when it breaks.
  duplex.on('error', () => {})

  connection.listen(stream, windowBytes, (event) => {
    switch (event.type) {
      case 'done':
        callOff()
        return opened.resolve(duplex)
      case 'granted':
        return stdin.granted(event.bytes)
      case 'output':
        unpaidBytes += event.bytes.length
        if (event.stream === 'stdout') duplex.push(event.bytes)
        else connection.close(new ProtocolError('The agent sent errors of a connection'))
        return
      case 'ended':
        duplex.push(null)
        return
      case 'closed':
        over.abort()
        if (event.isReset)
          duplex.destroy(Object.assign(new Error('The program broke off the connection'), { code: 'ECONNRESET' }))
        return
      case 'failed': {
        const reason = toReason(event.error)
        callOff()
        over.abort()
        opened.reject(reason)
        duplex.destroy(reason)
        return
      }
      default:
        connection.close(new ProtocolError(`The agent says of a connection that it is ${event.type}`))
    }
  })
  connection.send([encodeJsonFrame(REQUEST.dial, stream, { port, credit: windowBytes })])
  return opened.promise
}

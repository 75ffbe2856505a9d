import { type Duplex, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { type HeldPortChange, RequestError } from '@runnel/contract/public'
import type { ConnectionHandlers, Handlers } from '@runnel/gateway/server'
import { DialRefusal, type HeldSandbox, type PortChange } from '@runnel/sandbox'
import type { SandboxLife } from './sandbox-life.ts'

/** How long a program may still answer to a client that has ended its half. */
const LINGER_MS = 2_000
/** Each second with bytes counts as use, and not each byte. */
const TOUCH_MS = 1_000

const toRefusal = (error: unknown, port: number): unknown => {
  if (!(error instanceof DialRefusal)) return error
  switch (error.code) {
    case 'nothing-listens':
      return new RequestError('nothing-listens', `Nothing listens on port ${port} in the sandbox yet`)
    case 'too-many-connections':
      return new RequestError('too-many-connections', `Cannot connect to port ${port} in the sandbox: ${error.message}`)
    default:
      return new RequestError('bad-preview-answer', `Cannot connect to port ${port} in the sandbox: ${error.message}`)
  }
}

async function* toLines(changes: AsyncIterable<PortChange>): AsyncGenerator<Buffer> {
  for await (const { opened, closed } of changes) {
    const lines: HeldPortChange[] = [
      ...closed.map((port) => ({ port, open: false })),
      ...opened.map((port) => ({ port, open: true })),
    ]
    yield Buffer.from(lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
  }
}

/** The ports of one sandbox. Bytes through a dialled connection count as use, in both directions; an open one that is silent does not. */
export const createPortHandlers = (
  held: Pick<HeldSandbox, 'dial' | 'ports'>,
  life: Pick<SandboxLife, 'wake' | 'isPaused'> & { readonly timers: Pick<SandboxLife['timers'], 'touch'> },
): Pick<Handlers, 'ports' | 'port-events'> & Pick<ConnectionHandlers, 'dial'> => {
  let touchedMs = 0
  const touch = (): void => {
    const now = performance.now()
    if (now - touchedMs < TOUCH_MS) return
    touchedMs = now
    life.timers.touch()
  }

  /** A connection that was kept may be used when the sandbox is paused: then nobody would answer. */
  const toProgram = (): Transform =>
    new Transform({
      transform(chunk: Buffer, _encoding, done) {
        touch()
        if (life.isPaused) life.wake().then(() => done(null, chunk), done)
        else done(null, chunk)
      },
    })

  const join = async (stream: Duplex, program: Duplex): Promise<void> => {
    program.on('data', touch)
    let linger: NodeJS.Timeout | undefined
    // A client that has gone looks the same. A program that says nothing would keep the connection for ever.
    stream.once('end', () => {
      linger = setTimeout(() => program.destroy(), LINGER_MS)
    })
    await Promise.allSettled([pipeline(stream, toProgram(), program), pipeline(program, stream)])
    clearTimeout(linger)
  }

  return {
    ports: async () => ({ answer: { ports: [...held.ports.listening] } }),
    'port-events': async (_, { signal }) => ({ answer: {}, body: toLines(held.ports.changes(signal)) }),
    async dial({ port }) {
      const program = await held.dial(port).catch((error: unknown) => {
        throw toRefusal(error, port)
      })
      return { answer: {}, serve: (stream) => join(stream, program) }
    },
  }
}

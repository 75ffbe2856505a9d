import type { HeldPorts, PortChange } from '../held-sandbox.ts'
import type { AgentConnection } from './connection.ts'
import { encodeJsonFrame, ProtocolError } from './frames.ts'
import { REQUEST } from './protocol.ts'

/** Between an answer and the next question. A program that opens and closes ports all the time costs no more than this. */
const PAUSE_MS = 100

/** Has the agent of a sandbox that lasts say which ports are listened on: it answers each question when that has changed. */
export const watchPorts = (connection: AgentConnection): HeldPorts => {
  let listening: readonly number[] = []
  let isOver = false
  const waiting = new Set<() => void>()
  const wakeAll = () => {
    for (const wake of waiting) wake()
  }

  const ask = (): void => {
    const stream = connection.newStream()
    connection.listen(stream, 0, (event) => {
      if (event.type === 'listening') {
        listening = event.ports
        wakeAll()
        setTimeout(ask, PAUSE_MS).unref()
      } else if (event.type === 'failed') {
        isOver = true
        wakeAll()
      } else connection.close(new ProtocolError('The agent answered a question about ports with something else'))
    })
    connection.send([encodeJsonFrame(REQUEST.ports, stream, { known: listening })])
  }

  const untilChange = (signal: AbortSignal | undefined) =>
    new Promise<void>((resolve) => {
      const wake = () => {
        waiting.delete(wake)
        signal?.removeEventListener('abort', wake)
        resolve()
      }
      waiting.add(wake)
      signal?.addEventListener('abort', wake)
    })

  ask()
  return {
    get listening() {
      return listening
    },
    async *changes(signal) {
      let seen: readonly number[] = []
      while (!isOver && signal?.aborted !== true) {
        const change = compare(seen, listening)
        seen = listening
        if (change.opened.length + change.closed.length > 0) yield change
        else await untilChange(signal)
      }
    },
  }
}

const compare = (before: readonly number[], now: readonly number[]): PortChange => ({
  opened: now.filter((port) => !before.includes(port)),
  closed: before.filter((port) => !now.includes(port)),
})

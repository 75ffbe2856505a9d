import { Agent, type ClientRequestArgs } from 'node:http'
import { Duplex } from 'node:stream'
import { RequestError } from '@runnel/contract/public'
import type { PreviewAddress } from './preview-host.ts'

/** Connects to a port in a sandbox. Throws a RequestError. */
export type Dial = (address: PreviewAddress) => Promise<Duplex>

/** Connections to the programs of one sandbox that one API process has open. Its own bound is higher. */
const CONNECTIONS = 128
/** Servers close connections that are idle for two seconds or more. A request must not meet one that is just closed. */
const IDLE_MS = 1_500
const IDLE_CONNECTIONS = 32

const tooMany = (): RequestError =>
  new RequestError(
    'too-many-connections',
    `The previews of this sandbox have ${CONNECTIONS} open connections, which is the maximum: try again when some have ended`,
    { retryAfterMs: 1_000 },
  )

/** Dials, and refuses what would be too many for one sandbox. */
export const boundDials = (dial: Dial): Dial => {
  const open = new Map<string, number>()
  const change = (id: string, by: number): void => {
    const count = (open.get(id) ?? 0) + by
    if (count === 0) open.delete(id)
    else open.set(id, count)
  }
  return async (address) => {
    const { sandboxId } = address
    if ((open.get(sandboxId) ?? 0) >= CONNECTIONS) throw tooMany()
    change(sandboxId, 1)
    try {
      const stream = await dial(address)
      stream.once('close', () => change(sandboxId, -1))
      return stream
    } catch (error) {
      change(sandboxId, -1)
      throw error
    }
  }
}

/**
 * Node's own HTTP client over dialled connections: it keeps those of each port of each sandbox for the next request. The name of the
 * host is the sandbox's id, and nothing looks it up.
 */
export class ProgramAgent extends Agent {
  readonly #dial: Dial

  constructor(dial: Dial) {
    super({ keepAlive: true, timeout: IDLE_MS, maxFreeSockets: IDLE_CONNECTIONS })
    this.#dial = dial
  }

  override createConnection(
    { host, port }: ClientRequestArgs,
    callback?: (error: Error | null, stream: Duplex) => void,
  ): undefined {
    this.#dial({ sandboxId: host ?? '', port: Number(port) }).then(
      (stream) => callback?.(null, stream),
      // Node takes the error alone, and leaves the stream.
      (error: Error) => callback?.(error, new Duplex()),
    )
  }
}

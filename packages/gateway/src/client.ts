import { Agent, type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest, Agent as TlsAgent } from 'node:https'
import { type Duplex, PassThrough, type Readable } from 'node:stream'
import { sendAll } from '@runnel/bytes'
import type { RequestError } from '@runnel/contract/public'
import type { Leases, SandboxRecord, SandboxRecords } from '@runnel/registry'
import {
  ACT_SCHEMAS,
  type ActAnswer,
  type ActName,
  type ActRequest,
  CONNECTION_SCHEMAS,
  type ConnectionAnswer,
  type ConnectionName,
  type ConnectionRequest,
  type HeldCommand,
} from './acts.ts'
import { explainBreak, hasEnded, sandboxEnded, unreachable } from './explain-break.ts'
import { createHolders } from './holders.ts'
import { sign } from './signature.ts'
import { ANSWER_HEADER, readAnswerHeader, readErrorBody, toPath, UPGRADE_PROTOCOL } from './wire.ts'

export type { ActAnswer, ActName, ActRequest, ConnectionAnswer, ConnectionName, ConnectionRequest, HeldCommand }
export { hasEnded, sandboxEnded }

export interface CallOptions {
  /** Bytes for the worker, sent as fast as it takes them. Nobody else may use the pieces of a stream. */
  readonly body?: Readable | Uint8Array | undefined
  /** Hangs up. */
  readonly signal?: AbortSignal | undefined
  /** How long the worker may take before it answers, on top of the usual 30 s. Default: 0. */
  readonly waitMs?: number | undefined
}

export interface Gateway extends Disposable {
  /** Of a sandbox that a worker holds: what never changes, as it was read within the last seconds. Throws as `call` does. */
  find(sandboxId: string): Promise<Pick<SandboxRecord, 'tenantId' | 'limits'>>
  /**
   * Asks the worker that holds the sandbox. Resolves with its answer; the body has the bytes that follow, if the act has some, and
   * must be read or destroyed. Throws a RequestError: `sandbox-not-found`, `sandbox-queued`, `sandbox-ended`, `gateway-unreachable`,
   * or what the worker says. An error of the body is one too.
   */
  call<A extends ActName>(
    sandboxId: string,
    act: A,
    request: ActRequest<A>,
    options?: CallOptions,
  ): Promise<{ readonly answer: ActAnswer<A>; readonly body: Readable }>
  /** Bytes both ways. Throws as `call` does. The stream closes without an error when the other side ends it. */
  connect<C extends ConnectionName>(
    sandboxId: string,
    name: C,
    request: ConnectionRequest<C>,
    options?: Pick<CallOptions, 'signal'>,
  ): Promise<{ readonly answer: ConnectionAnswer<C>; readonly stream: Duplex }>
  /** Why a stream broke, once that is known: `sandbox-ended`, or `gateway-unreachable` if the sandbox lives. Takes up to 35 s. */
  explain(sandboxId: string, cause: unknown, signal: AbortSignal): Promise<RequestError>
  /** The sandbox has ended: all that is still open to it breaks now, even if its host is gone. */
  cut(sandboxId: string): void
}

/** What can be asked again: a broken connection is told at once. For the others, it matters whether they were done. */
const CAN_ASK_AGAIN: ReadonlySet<ActName> = new Set([
  'commands',
  'command',
  'stat-file',
  'read-file',
  'list-files',
  'archive',
  'metrics',
  'ports',
])
/** The same for what takes over a connection. */
const CAN_CONNECT_AGAIN: ReadonlySet<ConnectionName> = new Set(['dial'])

const CONNECT_TIMEOUT_MS = 1_000
const ANSWER_TIMEOUT_MS = 30_000
const IDLE_SOCKET_MS = 20_000
const ERROR_BYTES = 65_536

const readText = async (body: Readable): Promise<string> => {
  const parts: Buffer[] = []
  let bytes = 0
  for await (const part of body) {
    parts.push(Buffer.from(part))
    bytes += parts.at(-1)?.length ?? 0
    if (bytes > ERROR_BYTES) break
  }
  return Buffer.concat(parts).toString()
}

/** The API's end of the gateway: finds the lease, signs, connects, and says in our words what went wrong. */
export const createGateway = (parts: { readonly leases: Leases; readonly records: SandboxRecords }): Gateway => {
  const { records } = parts
  const holders = createHolders(parts)
  // The worker never closes an idle connection, so this side does.
  const agents = {
    'http:': new Agent({ keepAlive: true, timeout: IDLE_SOCKET_MS }),
    'https:': new TlsAgent({ keepAlive: true, timeout: IDLE_SOCKET_MS }),
  }
  const open = new Map<string, Set<AbortController>>()
  const closing = new AbortController()

  /** Known as open until `release` is called. */
  const track = (sandboxId: string): { readonly signal: AbortSignal; readonly release: () => void } => {
    const cutter = new AbortController()
    const all = open.get(sandboxId) ?? new Set()
    open.set(sandboxId, all.add(cutter))
    const release = () => {
      all.delete(cutter)
      if (all.size === 0 && open.get(sandboxId) === all) open.delete(sandboxId)
    }
    return { signal: cutter.signal, release }
  }

  /** Resolves with the response, or with the connection after an upgrade. */
  const send = async (
    sandboxId: string,
    path: string,
    { body, signal, waitMs = 0 }: CallOptions,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<{ response: IncomingMessage; stream?: Duplex; head?: Buffer }> => {
    const { lease } = await holders.find(sandboxId)
    const { promise, resolve, reject } = Promise.withResolvers<{ response: IncomingMessage; stream?: Duplex }>()
    const url = new URL(path, lease.gateway)
    const method = headers['upgrade'] === undefined ? 'POST' : 'GET'
    const isTls = url.protocol === 'https:'
    const request: ClientRequest = (isTls ? httpsRequest : httpRequest)(url, {
      method,
      agent: method === 'GET' ? false : agents[isTls ? 'https:' : 'http:'],
      headers: { ...sign(lease.secret, method, path), ...headers },
      ...(signal === undefined ? {} : { signal }),
    })
    const isStream = body !== undefined && !(body instanceof Uint8Array)
    let isConnected = false
    let isAnswered = false
    const late = setTimeout(() => request.destroy(new Error('no answer in time')), ANSWER_TIMEOUT_MS + waitMs)
    const answered = (): void => {
      isAnswered = true
      clearTimeout(late)
    }
    /** A large body takes longer than an answer may: the time counts from its last piece that was taken. */
    async function* readPieces(from: Readable): AsyncGenerator<Uint8Array> {
      // Its owner says why it broke off. Ended here it would get a reason of its own.
      for await (const piece of from.iterator({ destroyOnReturn: false })) {
        if (!isAnswered) late.refresh()
        yield piece
      }
    }
    request.on('socket', (socket) => {
      if (!socket.connecting) {
        isConnected = true
        return
      }
      const slow = setTimeout(() => request.destroy(new Error('no connection in time')), CONNECT_TIMEOUT_MS)
      // A certificate that is not valid ends the call at once, like a worker that cannot be reached.
      socket.once(isTls ? 'secureConnect' : 'connect', () => {
        isConnected = true
        clearTimeout(slow)
      })
      socket.once('close', () => clearTimeout(slow))
    })
    request.on('error', (error) => {
      answered()
      holders.forget(sandboxId)
      reject(isConnected ? new BrokenError(error) : unreachable(error))
    })
    request.on('response', (response) => {
      answered()
      // Refused: nobody wants the rest of the body, and what the kernel has of it must not be in the way of another request.
      if (response.statusCode !== 200 && isStream) {
        const { socket } = response
        response.once('end', () => socket.destroy())
      }
      resolve({ response })
    })
    request.on('upgrade', (response, stream, head) => {
      answered()
      if (head.length > 0) stream.unshift(head)
      resolve({ response, stream })
    })
    if (!isStream) request.end(body)
    else sendAll(readPieces(body), request).catch((error: Error) => request.destroy(error))
    return promise
  }

  const refuse = async (response: IncomingMessage, sandboxId: string): Promise<never> => {
    const known = readErrorBody(await readText(response))
    if (known !== undefined) throw known
    // The worker no longer serves it: it has ended since the lease was read, or another worker has taken the address.
    holders.forget(sandboxId)
    const record = await records.read(sandboxId)
    if (hasEnded(record)) throw sandboxEnded(record)
    throw unreachable(new Error(`the gateway answered ${response.statusCode}`))
  }

  const attempt = async <T>(sandboxId: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> => {
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof BrokenError)) throw error
      throw await explainBreak(parts, sandboxId, error.cause, AbortSignal.any([signal, closing.signal]))
    }
  }

  const askAgain = async <T>(sandboxId: string, work: () => Promise<T>): Promise<T> => {
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof BrokenError)) throw error
      const record = await records.read(sandboxId)
      throw hasEnded(record) ? sandboxEnded(record) : unreachable(error.cause)
    }
  }

  return {
    find: async (sandboxId) => (await holders.find(sandboxId)).record,

    async call(sandboxId, act, request, options = {}) {
      const { signal: cut, release } = track(sandboxId)
      const outer = options.signal ?? closing.signal
      const signal = AbortSignal.any([cut, outer])
      try {
        const ask = async () => {
          const path = toPath(sandboxId, act, request)
          const { response } = await send(sandboxId, path, { ...options, signal })
          if (response.statusCode !== 200) return refuse(response, sandboxId)
          const answer = ACT_SCHEMAS[act].answer.parse(readAnswerHeader(response.headers[ANSWER_HEADER]))
          const body = new PassThrough()
          response.on('error', (error) => {
            explainBreak(parts, sandboxId, error, AbortSignal.any([outer, closing.signal])).then(
              (why) => body.destroy(why),
              () => body.destroy(unreachable(error)),
            )
          })
          body.on('close', () => {
            response.destroy()
            release()
          })
          response.pipe(body)
          return { answer, body }
        }
        return await (CAN_ASK_AGAIN.has(act) ? askAgain(sandboxId, ask) : attempt(sandboxId, outer, ask))
      } catch (error) {
        release()
        throw error
      }
    },

    async connect(sandboxId, name, request, options = {}) {
      const { signal: cut, release } = track(sandboxId)
      const outer = options.signal ?? closing.signal
      try {
        const open = async () => {
          const path = toPath(sandboxId, name, request)
          const headers = { connection: 'upgrade', upgrade: UPGRADE_PROTOCOL }
          const signal = AbortSignal.any([cut, outer])
          const { response, stream } = await send(sandboxId, path, { signal }, headers)
          if (stream === undefined) return refuse(response, sandboxId)
          const answer = CONNECTION_SCHEMAS[name].answer.parse(readAnswerHeader(response.headers[ANSWER_HEADER]))
          const hangUp = () => stream.destroy()
          signal.addEventListener('abort', hangUp, { once: true })
          stream.on('error', () => stream.destroy())
          stream.on('close', () => {
            signal.removeEventListener('abort', hangUp)
            release()
          })
          return { answer, stream }
        }
        return await (CAN_CONNECT_AGAIN.has(name) ? askAgain(sandboxId, open) : attempt(sandboxId, outer, open))
      } catch (error) {
        release()
        throw error
      }
    },

    explain: (sandboxId, cause, signal) =>
      explainBreak(parts, sandboxId, cause, AbortSignal.any([signal, closing.signal])),

    cut(sandboxId) {
      holders.forget(sandboxId)
      for (const cutter of open.get(sandboxId) ?? []) cutter.abort()
    },

    [Symbol.dispose]() {
      closing.abort()
      for (const agent of Object.values(agents)) agent.destroy()
    },
  }
}

/** The connection broke after it was made: the worker may have done what was asked. */
class BrokenError extends Error {
  override name = 'BrokenError'
  constructor(cause: unknown) {
    super('The connection to a gateway broke', { cause })
  }
}

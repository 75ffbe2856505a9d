/// <reference lib="esnext.disposable" preserve="true" />
import { RunnelApiError } from '../errors.ts'
import type { CallOptions } from '../jobs.ts'
import type { Link } from '../link.ts'
import { pause } from '../pause.ts'
import { type Commands, createCommands } from './commands.ts'
import type {
  ListedSandbox,
  OpenPort,
  PortChange,
  PreviewUrl,
  SandboxInfo,
  SandboxMetrics,
  SandboxPage,
  SandboxRequest,
  SandboxStatus,
} from './contract.ts'
import { createFiles, type Files } from './files.ts'
import { connect, createPlace, type Place, type SandboxConnection } from './place.ts'
import { followPorts, type PortHandle, type WaitForPortOptions, waitForPort } from './ports.ts'
import { openTerminal, type Terminal, type TerminalOptions } from './terminal.ts'

export interface CreateOptions extends SandboxRequest, SandboxConnection, CallOptions {
  /** How long to wait until it runs. Default 60,000. */
  readonly startWithinMs?: number | undefined
}

export interface ConnectOptions extends SandboxConnection, CallOptions {}

export interface ListSandboxesOptions extends Omit<SandboxConnection, 'accessToken'>, CallOptions {
  readonly status?: readonly SandboxStatus[] | undefined
  /** Only those with all of these entries. */
  readonly metadata?: Readonly<Record<string, string>> | undefined
}

export interface Pty {
  /** Opens a shell on a terminal. */
  create(options: TerminalOptions): Promise<Terminal>
  /** Connects to one that was opened before: what it showed last comes first. */
  connect(id: string, options: TerminalOptions): Promise<Terminal>
}

const START_WITHIN_MS = 60_000
const POLL_MS = 500

/**
 * A sandbox: files, commands and terminals that last, until it is deleted, or its time is over.
 *
 *   await using sandbox = await Sandbox.create({ baseUrl: 'http://127.0.0.1:8080' })
 *   await sandbox.files.write('hello.py', 'print("Hello")')
 *   const { stdout } = await sandbox.commands.run('python3 hello.py')
 */
export class Sandbox implements AsyncDisposable {
  readonly id: string
  readonly commands: Commands
  readonly files: Files
  readonly pty: Pty
  readonly #place: Place

  private constructor(link: Link, id: string, accessToken: string | undefined) {
    const place = createPlace(link, id, accessToken)
    this.id = id
    this.commands = createCommands(place)
    this.files = createFiles(place)
    this.pty = {
      create: (options) => openTerminal(place, options),
      connect: (terminalId, options) => openTerminal(place, { ...options, id: terminalId }),
    }
    this.#place = place
  }

  /** Opens this sandbox and nothing else: a page can have it. undefined where the API has no keys. */
  get accessToken(): string | undefined {
    return this.#place.accessToken
  }

  /** Resolves when it runs. Throws a RunnelApiError: `too-many-sandboxes`, `queue-full`, `sandbox-ended` if it could not start. */
  static async create(options: CreateOptions = {}): Promise<Sandbox> {
    const { baseUrl, apiKey, accessToken, signal, startWithinMs = START_WITHIN_MS, ...request } = options
    const link = connect({ baseUrl, apiKey, accessToken })
    const startedAt = performance.now()
    const made = await link.http.request<SandboxInfo>('POST', '/v1/sandboxes', {
      query: { wait: Math.min(startWithinMs, START_WITHIN_MS) },
      body: request,
      signal,
      timeoutMs: startWithinMs + 15_000,
    })
    const sandbox = new Sandbox(link, made.id, made.accessToken)
    let { status, ending } = made
    while (status === 'queued') {
      if (performance.now() - startedAt >= startWithinMs) {
        await sandbox.kill().catch(() => {})
        throw new RunnelApiError(`The sandbox still waited for a worker after ${startWithinMs} ms`, {
          code: 'sandbox-queued',
          status: 409,
        })
      }
      await pause(POLL_MS, link.wakeUp, signal)
      ;({ status, ending } = await sandbox.getInfo({ signal }))
    }
    if (status === 'ended')
      throw new RunnelApiError(`The sandbox ended before it ran: ${ending}`, { code: 'sandbox-ended', status: 410 })
    return sandbox
  }

  /** A sandbox that was made before, here or elsewhere. Throws `sandbox-not-found`. */
  static async connect(id: string, { signal, ...connection }: ConnectOptions = {}): Promise<Sandbox> {
    const link = connect(connection)
    const { pathOf } = createPlace(link, id, undefined)
    const info = await link.http.request<SandboxInfo>('GET', pathOf(), { signal })
    return new Sandbox(link, id, connection.accessToken ?? info.accessToken)
  }

  /** The sandboxes of the tenant, newest first, page by page as they are read. */
  static async *list(options: ListSandboxesOptions = {}): AsyncGenerator<ListedSandbox, void> {
    const { signal, status, metadata = {}, ...connection } = options
    const { http } = connect(connection)
    const pairs = Object.entries(metadata).map(([key, value]) => `${key}=${value}`)
    let cursor: string | undefined
    do {
      const query = { cursor, status: status?.join(','), metadata: pairs }
      const page = await http.request<SandboxPage>('GET', '/v1/sandboxes', { query, signal })
      yield* page.sandboxes
      cursor = page.next
    } while (cursor !== undefined)
  }

  getInfo({ signal }: CallOptions = {}): Promise<SandboxInfo> {
    return this.#place.request('GET', '', { signal })
  }

  /** The ports that programs in it listen on now. */
  async ports({ signal }: CallOptions = {}): Promise<readonly OpenPort[]> {
    return (await this.#place.request<{ ports: OpenPort[] }>('GET', '/ports', { signal })).ports
  }

  /** First each port that is open, then each that a program opens or closes. */
  onPort(onChange: (change: PortChange) => unknown, options: CallOptions = {}): PortHandle {
    return followPorts(this.#place, onChange, options)
  }

  /** Resolves when a program listens on the port: at once if one does already. */
  waitForPort(port: number, options: WaitForPortOptions = {}): Promise<OpenPort> {
    return waitForPort(this.#place, port, options)
  }

  /**
   * A URL that opens the preview of the port in a browser. Ask for one for each frame and each tab. Nothing has to listen yet: then the
   * page waits for it.
   */
  getPreviewUrl(port: number, { signal }: CallOptions = {}): Promise<PreviewUrl> {
    return this.#place.request('POST', `/ports/${port}/url`, { signal })
  }

  /**
   * The name of the preview of the port, `8000-sbx-….localhost:8080`. Browsers and curl resolve names below `localhost`; Node and Python do
   * not: there, ask the API's address with this as the header `Host`, and `accessToken` as `x-access-token`.
   */
  async getHost(port: number, options: CallOptions = {}): Promise<string> {
    return new URL((await this.getPreviewUrl(port, options)).url).host
  }

  getMetrics({ signal }: CallOptions = {}): Promise<SandboxMetrics> {
    return this.#place.request('GET', '/metrics', { signal })
  }

  /** It ends this many milliseconds from now; may be sooner than before. `idleTimeoutMs`: after that long without a call. */
  setTimeout(
    timeoutMs: number,
    { idleTimeoutMs, signal }: CallOptions & { readonly idleTimeoutMs?: number | undefined } = {},
  ): Promise<SandboxInfo> {
    return this.#place.request('PATCH', '', { body: { timeoutMs, idleTimeoutMs }, signal })
  }

  /** Freezes all that runs in it; memory is kept. */
  pause({ signal }: CallOptions = {}): Promise<SandboxInfo> {
    return this.#place.request('POST', '/pause', { signal })
  }

  resume({ signal }: CallOptions = {}): Promise<SandboxInfo> {
    return this.#place.request('POST', '/resume', { signal })
  }

  /** Ends it: all that runs in it stops, and its files are gone. May be called again. */
  kill({ signal }: CallOptions = {}): Promise<SandboxInfo> {
    return this.#place.request('DELETE', '', { signal })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill()
  }
}

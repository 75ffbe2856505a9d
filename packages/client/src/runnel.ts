import type { Language, SubmittedFile } from './contract.ts'
import { createHttp, type Http, type HttpMethod, type RequestOptions } from './http.ts'
import { type CallOptions, createJobs, type Jobs } from './jobs.ts'
import { createLink, type Link } from './link.ts'
import { isBrowser, type RunnelOptions, readBaseUrl, type TicketNeed } from './options.ts'
import { type RunOptions, type RunResult, run } from './run.ts'
import { createSocketPool } from './socket-pool.ts'
import { createStoredFiles, type StoredFiles } from './stored-files.ts'
import { requireAllJobs } from './tickets.ts'
import { createWakeUp } from './wake-up.ts'

/**
 * A client of one Runnel API. Make one and keep it: its jobs share a WebSocket.
 *
 *   const runnel = new Runnel({ baseUrl: 'http://127.0.0.1:8080', apiKey: 'rnl_…' })
 *   const { outcome, stdout } = await runnel.run('print(6 * 7)', { language: 'python' })
 */
export class Runnel {
  readonly baseUrl: string
  readonly jobs: Jobs
  readonly files: StoredFiles
  readonly #http: Http
  readonly #link: Link

  /** Throws a TypeError if it cannot tell where the API is. Connects to nothing. */
  constructor(options: RunnelOptions = {}) {
    const { apiKey, getTicket } = options
    if (apiKey !== undefined && getTicket !== undefined)
      throw new TypeError('Cannot use both apiKey and getTicket: a server gives its key, a page its getTicket')
    this.baseUrl = readBaseUrl(options.baseUrl)
    const authorization = apiKey === undefined ? undefined : `Bearer ${apiKey}`
    this.#http = createHttp({ baseUrl: this.baseUrl, authorization, sendsCookie: getTicket === undefined })
    const wakeUp = createWakeUp()
    // The WebSocket of a browser takes no header, so a key makes its own tickets there.
    const needsTicket = apiKey !== undefined && isBrowser()
    const pool = createSocketPool({
      baseUrl: this.baseUrl,
      authorization,
      getTicket: needsTicket ? (need) => this.#makeTicket(need) : getTicket,
      wakeUp,
    })
    this.#link = createLink({ http: this.#http, pool, wakeUp, getTicket })
    this.jobs = createJobs(this.#link)
    this.files = createStoredFiles(this.#link)
  }

  /**
   * Runs a program to its end: `code` (or a chat answer with one fenced block) or files. A program that fails is a result.
   *
   * Throws a RunnelApiError if the API refused it (429 with `retryAfterMs` if the queue is full), a RunnelConnectionError
   * if the API was lost for too long, and what a callback throws. The job goes on then.
   */
  run(program: string | readonly SubmittedFile[], options: RunOptions = {}): Promise<RunResult> {
    return run(this.jobs, program, options)
  }

  /** The languages of this deployment that the caller may use. Not with tickets. */
  async languages({ signal }: CallOptions = {}): Promise<Language[]> {
    requireAllJobs(this.#link, 'list the languages')
    const { languages } = await this.#http.request<{ languages: Language[] }>('GET', '/v1/languages', { signal })
    return languages
  }

  /**
   * Any call of the API that has no method here: `request<Key[]>('GET', '/v1/admin/keys')`. `T` is not checked. Resolves with
   * the JSON of the answer, undefined if it has no body. Sent once. Not with tickets.
   */
  async request<T = unknown>(method: HttpMethod, path: string, options: RequestOptions = {}): Promise<T> {
    requireAllJobs(this.#link, `call ${method} ${path}`)
    if (!path.startsWith('/')) throw new TypeError(`Cannot call ${JSON.stringify(path)}: a path starts with "/"`)
    return this.#http.request<T>(method, path, options)
  }

  /** Tries every lost connection again now. */
  reconnect(): void {
    this.#link.wakeUp.now()
  }

  /** Closes the connections. Jobs go on, except those with `cancelOnDisconnect`. What is followed tries to connect again. */
  close(): void {
    this.#link.pool.close()
  }

  async #makeTicket({ jobIds, submissions }: TicketNeed): Promise<string> {
    const body = { jobIds, submissions }
    const { ticket } = await this.#http.request<{ ticket: string }>('POST', '/v1/tickets', { body })
    return ticket
  }
}

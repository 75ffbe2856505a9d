import { type IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { RequestError } from '@runnel/contract/public'
import { type Gateway, hasEnded, sandboxEnded } from '@runnel/gateway/client'
import { sandboxNotFound } from '@runnel/operations'
import type { AccessTokens, PreviewRequests, SandboxRecord, SandboxRecords } from '@runnel/registry'
import { createCache } from '../access/cache.ts'
import type { CallerDirectory } from '../access/caller-directory.ts'
import { toRequestError, toShuttingDown } from '../errors/to-request-error.ts'
import type { ServeSite } from '../sites/serve-site.ts'
import type { Upgrade } from '../upgrade-dispatcher.ts'
import type { StreamedBodies } from '../uploads/streamed-bodies.ts'
import { createClientFacts } from './client-facts.ts'
import { toProgramHeaders } from './forwarded-headers.ts'
import { createFramePolicy } from './frame-policy.ts'
import type { PreviewDomain } from './preview-domain.ts'
import { createPreviewGate } from './preview-gate.ts'
import { hostsOf, isPreviewName, readPreviewName, toHostName } from './preview-host.ts'
import { refuseVisit } from './preview-pages.ts'
import { boundDials, ProgramAgent } from './program-agent.ts'
import { type Passage, proxyRequest } from './proxy-request.ts'
import { proxyUpgrade } from './proxy-upgrade.ts'

/** What ports of sandboxes show, at origins of their own. */
export interface Previews extends Disposable {
  /** Whether a request is for a preview, by its Host alone. Such a request never reaches a route of the API. */
  takes(request: IncomingMessage): boolean
  serve(request: IncomingMessage, response: ServerResponse): void
  /** A WebSocket. */
  upgrade(upgrade: Upgrade): void
}

/** Longer than a slow program thinks. */
const SILENT_MS = 300_000
/** How long a record is kept. It is read for every request. */
const FRESH_MS = 1_000

/** A site has files and no programs. */
const SITE = 'html'
const SITE_PORT = 80

const noSuchPort = (port: number): RequestError =>
  new RequestError('nothing-listens', `Nothing listens on port ${port}: a site has its pages on port ${SITE_PORT}`)

const isBadAnswer = (error: unknown): boolean => error instanceof RequestError && error.code === 'bad-preview-answer'

/** Where a request goes that has passed everything. */
interface Admitted {
  readonly record: SandboxRecord
  readonly passage: Passage
}

/**
 *   Host ──▶ which preview? ──▶ its sandbox ──▶ may it pass? ──▶ dial the port ──▶ request there, answer back
 *              └─▶ none: 404       └─▶ ended: 410  └─▶ no: 401        └─▶ nothing listens: 502
 */
export const createPreviews = (parts: {
  readonly gateway: Gateway
  readonly serveSite: ServeSite
  readonly records: Pick<SandboxRecords, 'read'>
  readonly accessTokens: AccessTokens
  readonly callers: Pick<CallerDirectory, 'byKey'>
  readonly previewRequests: Pick<PreviewRequests, 'note'>
  readonly streamedBodies: Pick<StreamedBodies, 'exempt'>
  readonly previewDomain: PreviewDomain
  readonly frameAncestors?: readonly string[] | undefined
  readonly trustedProxies: readonly string[]
  readonly log: { error(details: object, message: string): void }
  /** How long somebody may wait while nothing moves, in milliseconds. Default: five minutes. */
  readonly previewSilentMs?: number | undefined
}): Previews => {
  const { gateway, serveSite, records, previewDomain: domain, previewRequests, streamedBodies, log } = parts
  const { previewSilentMs: silentMs = SILENT_MS } = parts
  const factsOf = createClientFacts(parts.trustedProxies, domain)
  const framePolicyOf = createFramePolicy(domain, parts.frameAncestors)
  const pass = createPreviewGate({ ...parts, domain })
  const known = createCache<string, SandboxRecord | undefined>(FRESH_MS, (id) => records.read(id))
  const dial = boundDials(async ({ sandboxId, port }) => (await gateway.connect(sandboxId, 'dial', { port })).stream)
  const agent = new ProgramAgent(dial)
  let isClosing = false

  const requireRunning = async (sandboxId: string): Promise<SandboxRecord> => {
    const record = await known.get(sandboxId)
    if (record === undefined) throw sandboxNotFound()
    if (hasEnded(record)) throw sandboxEnded(record)
    if (record.status === 'queued') {
      throw new RequestError('sandbox-queued', 'The sandbox waits for a worker: its preview comes when it runs')
    }
    return record
  }

  /** Undefined: it was answered. */
  const admit = async (
    request: IncomingMessage,
    response: ServerResponse,
    isUpgrade: boolean,
  ): Promise<Admitted | undefined> => {
    if (isClosing) throw toShuttingDown()
    const [host = '', ...more] = hostsOf(request.rawHeaders)
    if (more.length > 0) throw new RequestError('invalid-request', 'Cannot read the request: it has more than one Host')
    if (request.url?.startsWith('/') !== true) {
      throw new RequestError('invalid-request', 'Cannot read the URL of the request: it must start with a slash')
    }
    const address = readPreviewName(toHostName(host), domain)
    if (address === undefined) {
      const message = `There is no preview with this name: one is called <port>-<id of the sandbox>.${domain.host}`
      throw new RequestError('not-found', message)
    }
    const record = await requireRunning(address.sandboxId)
    const facts = factsOf(request)
    const { port } = address
    const first = await pass({ request, record, port, isSecure: facts.isSecure, isUpgrade })
    if (first !== undefined) {
      response.writeHead(303, {
        location: first.location,
        'cache-control': 'no-store',
        'referrer-policy': 'no-referrer',
        ...(first.cookie === undefined ? {} : { 'set-cookie': first.cookie }),
      })
      response.end()
      return undefined
    }
    const programHost = record.maskHost?.replace('{port}', String(port)) ?? host
    const origin = `${facts.isSecure ? 'https' : 'http'}://${host}`
    const headers = toProgramHeaders(request, { host, programHost, facts })
    return { record, passage: { ...address, headers, origin, framePolicy: framePolicyOf(host) } }
  }

  /** A program that broke off may have ended with its sandbox. Throws. */
  const explain = async (sandboxId: string, error: unknown): Promise<never> => {
    if (isBadAnswer(error)) {
      const record = await records.read(sandboxId)
      if (hasEnded(record)) throw sandboxEnded(record)
    }
    throw error
  }

  const handle = async (
    request: IncomingMessage,
    response: ServerResponse,
    isUpgrade: boolean,
    forward: (admitted: Admitted) => Promise<number | null>,
  ): Promise<void> => {
    const at = new Date()
    const startedMs = performance.now()
    request.socket.setTimeout(0)
    if (!request.complete) streamedBodies.exempt(request)
    try {
      const admitted = await admit(request, response, isUpgrade)
      if (admitted === undefined) return
      const { sandboxId, port } = admitted.passage
      const note = (status: number | null): void => {
        const durationMs = Math.round(performance.now() - startedMs)
        const { method = '', url: path = '' } = request
        previewRequests.note(sandboxId, { at: at.toISOString(), port, method, path, status, durationMs })
      }
      const status = await forward(admitted).catch((error: unknown) => {
        // Its program got it.
        if (isBadAnswer(error)) note(null)
        return explain(sandboxId, error)
      })
      note(status)
    } catch (error) {
      const refusal = toRequestError(error)
      if (refusal.code === 'internal') log.error({ err: error }, 'A preview failed')
      refuseVisit(request, response, refusal, framePolicyOf(request.headers.host ?? ''))
    }
  }

  return {
    takes: ({ rawHeaders }) => hostsOf(rawHeaders).some((host) => isPreviewName(toHostName(host), domain)),
    serve(request, response) {
      void handle(request, response, false, async ({ record, passage }) => {
        if (record.template !== SITE) return proxyRequest(request, response, passage, { agent, silentMs })
        if (passage.port !== SITE_PORT) throw noSuchPort(passage.port)
        return serveSite({ request, response, record, framePolicy: passage.framePolicy })
      })
    },
    upgrade(upgrade) {
      const { request, socket } = upgrade
      socket.on('error', () => socket.destroy())
      const response = new ServerResponse(request)
      response.shouldKeepAlive = false
      if (!(socket instanceof Socket)) return void socket.destroy()
      response.assignSocket(socket)
      response.once('finish', () => socket.destroySoon())
      void handle(request, response, true, async ({ record, passage }) => {
        if (record.template === SITE) throw noSuchPort(passage.port)
        return proxyUpgrade({ ...upgrade, socket }, response, passage, { dial, silentMs })
      })
    },
    [Symbol.dispose]() {
      isClosing = true
      agent.destroy()
    },
  }
}

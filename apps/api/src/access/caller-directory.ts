import { DEFAULT_TENANT, RequestError, type Scope, SIGNED_URL_MAX_MS } from '@runnel/contract/public'
import { sandboxNotFound } from '@runnel/operations'
import { createRedisKeys, type Redis } from '@runnel/redis'
import {
  type AccessTokens,
  type FoundKey,
  type FoundSession,
  type Grant,
  isFileSignature,
  isGood,
  type KeyParts,
  type Keys,
  type SandboxRecords,
  type SessionParts,
  type Sessions,
  type SignedUse,
  type Tenants,
  type Tickets,
} from '@runnel/registry'
import { createCache } from './cache.ts'
import type { Caller } from './caller.ts'
import { createUseNotes } from './note-uses.ts'

/** Finds who a caller is. Each answer is undefined if there is no such caller. */
export interface CallerDirectory extends Disposable {
  byKey(parts: KeyParts): Promise<Caller | undefined>
  bySession(parts: SessionParts): Promise<Caller | undefined>
  /** Uses the ticket up, also if the answer is undefined. */
  byTicket(ticket: string, origin: string | undefined): Promise<Caller | undefined>
  /** Throws `sandbox-not-found` if the token is good and the sandbox is no longer known. */
  byAccessToken(sandboxId: string, token: string): Promise<Caller | undefined>
  /** The same for a signed URL. Throws `unauthorized` with a sentence if it has expired. */
  bySignature(use: SignedUse, signature: string): Promise<Caller | undefined>
  withoutKey(): Promise<Caller | undefined>
  /** The caller as it is now: its key or its session may have ended, its tenant's limits may have changed. */
  renew(caller: Caller): Promise<Caller | undefined>
  /** Calls `onEnd`, once, when the caller is no longer known; until it is disposed. */
  watch(caller: Caller, onEnd: () => void): Disposable
}

/** How long answers are kept. With the sweep, it bounds how long a lost message can hide a revocation. */
const FRESH_MS = 2_000
const SWEEP_MS = 2_000

const OPEN_SCOPES: readonly Scope[] = ['submit', 'read', 'sandboxes', 'admin']

/** Of a signed URL whose signature is good. */
const requireTime = (expires: string): void => {
  const leftMs = /^\d{1,12}$/.test(expires) ? Number(expires) * 1_000 - Date.now() : Number.NaN
  if (leftMs > 0 && leftMs <= SIGNED_URL_MAX_MS) return
  const why =
    leftMs <= 0 ? 'has expired' : `must expire within ${SIGNED_URL_MAX_MS / 60_000} minutes, in seconds since 1970`
  throw new RequestError('unauthorized', `Cannot take this URL: it ${why}; sign another one`)
}

interface Watch {
  readonly caller: Caller
  readonly onEnd: () => void
}

/**
 * 1. A key is looked up in Redis, in one round trip, and kept for two seconds. A caller that keeps calling costs a
 *    comparison.
 * 2. Each change of a key, a tenant or a session is published. Every process then clears its cache and checks the callers that have
 *    open connections.
 * 3. Such a message can be lost, so a sweep checks them every two seconds too. A key that is revoked and a session that has
 *    ended are refused, and their sockets are closed, within five seconds.
 * 4. The last use of a key and of a session is written once a minute. An open connection counts as use.
 *
 * If no key was ever made, there is one tenant and callers need no key, but only if the server can be reached from its
 * own machine alone (`isPrivate`). Otherwise a Redis that lost its data would let everybody in.
 */
export const createCallerDirectory = (options: {
  readonly keys: Keys
  readonly tenants: Tenants
  readonly tickets: Tickets
  readonly sessions: Sessions
  readonly accessTokens: AccessTokens
  readonly records: Pick<SandboxRecords, 'read'>
  readonly subscriber: Redis
  readonly prefix: string
  readonly isPrivate: boolean
}): CallerDirectory => {
  const { keys, tenants, tickets, sessions, accessTokens, records, subscriber, prefix, isPrivate } = options
  const channel = createRedisKeys(prefix).accessChannel
  const found = createCache<string, FoundKey | undefined>(FRESH_MS, (id) => keys.find(id))
  const foundSessions = createCache<string, FoundSession | undefined>(FRESH_MS, (name) => {
    const [keyId = '', id = ''] = name.split('.')
    return sessions.find(keyId, id)
  })
  const noteKey = createUseNotes((id) => keys.noteUse(id))
  const noteSession = createUseNotes((name) => {
    const [keyId = '', id = ''] = name.split('.')
    return sessions.noteUse(keyId, id)
  })
  const anonymous = createCache<'open', Caller | 'closed'>(FRESH_MS, async () =>
    (await keys.exist()) ? 'closed' : { tenant: await tenants.get(DEFAULT_TENANT), scopes: OPEN_SCOPES, keyId: null },
  )
  /** By the id of the sandbox. Its token does not end with any key. */
  const foundOwners = createCache<string, Caller | undefined>(FRESH_MS, async (sandboxId) => {
    const record = await records.read(sandboxId)
    if (record === undefined) return undefined
    return { tenant: await tenants.get(record.tenantId), scopes: ['sandboxes'], keyId: null, sandboxId }
  })
  const watches = new Set<Watch>()

  const findGood = async (keyId: string): Promise<FoundKey | undefined> => {
    const key = await found.get(keyId)
    return key !== undefined && isGood(key.key) ? key : undefined
  }
  const findGoodSession = async (keyId: string, id: string): Promise<FoundSession | undefined> => {
    const session = await foundSessions.get(`${keyId}.${id}`)
    return session?.isGood() ? session : undefined
  }
  const toCaller = ({ key, tenant }: FoundKey): Caller => ({ tenant, scopes: key.scopes, keyId: key.id })
  const byNobody = async (): Promise<Caller | undefined> => {
    const caller = isPrivate ? await anonymous.get('open') : 'closed'
    return caller === 'closed' ? undefined : caller
  }
  const byId = async (keyId: string | null): Promise<Caller | undefined> => {
    if (keyId === null) return byNobody()
    const key = await findGood(keyId)
    return key === undefined ? undefined : toCaller(key)
  }

  const noteUse = ({ keyId, sessionId }: Caller): void => {
    if (keyId === null) return
    noteKey(keyId)
    if (sessionId !== undefined) noteSession(`${keyId}.${sessionId}`)
  }
  /** The caller as it is now. It counts as used. */
  const renew = async ({ keyId, sessionId, scopes, ticket, sandboxId }: Caller): Promise<Caller | undefined> => {
    if (sandboxId !== undefined) return foundOwners.get(sandboxId)
    if (sessionId !== undefined && (await findGoodSession(keyId ?? '', sessionId)) === undefined) return undefined
    const by = await byId(keyId)
    if (by === undefined) return undefined
    const now = {
      ...by,
      ...(sessionId === undefined ? {} : { sessionId }),
      ...(ticket === undefined ? {} : { scopes, ticket }),
    }
    noteUse(now)
    return now
  }

  const look = async (): Promise<void> => {
    for (const watch of [...watches]) {
      if ((await renew(watch.caller)) !== undefined || !watches.delete(watch)) continue
      watch.onEnd()
    }
  }
  // While Redis is away no key can be revoked. The connection's owner logs that it is away.
  const lookAgain = (): void => {
    found.clear()
    foundSessions.clear()
    anonymous.clear()
    look().catch(() => {})
  }
  const onMessage = (name: string): void => {
    if (name === channel) lookAgain()
  }
  const sweep = setInterval(() => {
    if (watches.size > 0) lookAgain()
  }, SWEEP_MS)
  subscriber.on('message', onMessage)
  subscriber.on('ready', lookAgain)
  subscriber.subscribe(channel).catch(() => {})

  const requireOwner = async (sandboxId: string): Promise<Caller> => {
    const owner = await foundOwners.get(sandboxId)
    if (owner === undefined) throw sandboxNotFound()
    return owner
  }

  const toTicketCaller = (by: Caller, grant: Grant): Caller => ({
    ...by,
    scopes: by.scopes.filter((scope) => grant.scopes.includes(scope)),
    ticket: { jobIds: new Set(grant.jobIds), submissions: grant.submissions },
  })

  return {
    async byKey({ id, secret }) {
      const key = await findGood(id)
      if (!key?.isSecret(secret)) return undefined
      const caller = toCaller(key)
      noteUse(caller)
      return caller
    },

    async bySession({ keyId, id, secret }) {
      const session = await findGoodSession(keyId, id)
      if (!session?.isSecret(secret)) return undefined
      const key = await findGood(keyId)
      if (key === undefined) return undefined
      const caller = { ...toCaller(key), sessionId: id }
      noteUse(caller)
      return caller
    },

    async byTicket(ticket, origin) {
      const grant = await tickets.redeem(ticket)
      if (grant === undefined || (grant.origin !== null && grant.origin !== origin)) return undefined
      const by = await byId(grant.keyId)
      if (by === undefined) return undefined
      noteUse(by)
      return toTicketCaller(by, grant)
    },

    async byAccessToken(sandboxId, token) {
      return (await accessTokens.isOf(sandboxId, token)) ? requireOwner(sandboxId) : undefined
    },

    async bySignature(use, signature) {
      const token = await accessTokens.create(use.sandboxId)
      if (!isFileSignature(token, use, signature)) return undefined
      requireTime(use.expires)
      return requireOwner(use.sandboxId)
    },

    withoutKey: byNobody,

    renew,

    watch(caller, onEnd) {
      const watch = { caller, onEnd }
      watches.add(watch)
      return { [Symbol.dispose]: () => void watches.delete(watch) }
    },

    [Symbol.dispose]() {
      clearInterval(sweep)
      subscriber.off('message', onMessage)
      subscriber.off('ready', lookAgain)
      watches.clear()
    },
  }
}

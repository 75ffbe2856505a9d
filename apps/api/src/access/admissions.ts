import { DEFAULT_TENANT, type Scope } from '@runnel/contract/public'
import { createRedisKeys, type Redis } from '@runnel/redis'
import {
  type FoundKey,
  type Grant,
  isGood,
  type KeyParts,
  type Keys,
  type Tenants,
  type Tickets,
} from '@runnel/registry'
import type { Caller } from './caller.ts'
import { createMemory } from './memory.ts'

/** Tells who a caller is. Each answer is undefined where nobody is known by that. */
export interface Admissions extends Disposable {
  byKey(parts: KeyParts): Promise<Caller | undefined>
  /** The ticket is used up, whatever the answer. */
  byTicket(ticket: string, origin: string | undefined): Promise<Caller | undefined>
  withoutKey(): Promise<Caller | undefined>
  /** Who an earlier caller is by now: its key may have been revoked, its tenant's limits changed. */
  renew(caller: Caller): Promise<Caller | undefined>
  /** Calls `onEnd`, once, when the caller is no longer known; until it is disposed. */
  watch(caller: Caller, onEnd: () => void): Disposable
}

/** Answers are remembered for this long. Together with the sweep it bounds how long a lost message can hide a revocation. */
const FRESH_MS = 2_000
const SWEEP_MS = 2_000

const OPEN_SCOPES: readonly Scope[] = ['submit', 'read']

interface Watch {
  readonly caller: Caller
  readonly onEnd: () => void
}

/**
 * Theory of operation. Whether a key is good is asked of Redis, in one round trip, and remembered for two seconds; so a
 * caller that keeps calling costs a comparison. Whoever changes a key or a tenant says so on a channel, and everybody
 * who hears it forgets all at once and looks at the callers whose connections are open. A message can be lost, so a
 * sweep looks at them every two seconds anyway: a revoked key is refused, and its sockets are closed, within five.
 *
 * Where no key was ever made there is one tenant, and nobody has to say who they are; but only if this server can be
 * reached from its own machine alone (`isPrivate`). Otherwise a Redis that lost its data would open the door to all.
 */
export const createAdmissions = (options: {
  readonly keys: Keys
  readonly tenants: Tenants
  readonly tickets: Tickets
  readonly subscriber: Redis
  readonly prefix: string
  readonly isPrivate: boolean
}): Admissions => {
  const { keys, tenants, tickets, subscriber, prefix, isPrivate } = options
  const channel = createRedisKeys(prefix).accessChannel
  const found = createMemory<string, FoundKey | undefined>(FRESH_MS, (id) => keys.find(id))
  const anonymous = createMemory<'open', Caller | 'closed'>(FRESH_MS, async () =>
    (await keys.exist()) ? 'closed' : { tenant: await tenants.get(DEFAULT_TENANT), scopes: OPEN_SCOPES, keyId: null },
  )
  const watches = new Set<Watch>()

  const findGood = async (keyId: string): Promise<FoundKey | undefined> => {
    const key = await found.get(keyId)
    return key !== undefined && isGood(key.key) ? key : undefined
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

  const look = async (): Promise<void> => {
    for (const watch of [...watches]) {
      if ((await byId(watch.caller.keyId)) !== undefined || !watches.delete(watch)) continue
      watch.onEnd()
    }
  }
  // While Redis is away nobody can be revoked, and its connection's owner says that it is.
  const lookAgain = (): void => {
    found.forget()
    anonymous.forget()
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

  const toTicketCaller = (by: Caller, grant: Grant): Caller => ({
    ...by,
    scopes: by.scopes.filter((scope) => grant.scopes.includes(scope)),
    ticket: { jobIds: new Set(grant.jobIds), submissions: grant.submissions },
  })

  return {
    async byKey({ id, secret }) {
      const key = await findGood(id)
      return key?.isSecret(secret) ? toCaller(key) : undefined
    },

    async byTicket(ticket, origin) {
      const grant = await tickets.redeem(ticket)
      if (grant === undefined || (grant.origin !== null && grant.origin !== origin)) return undefined
      const by = await byId(grant.keyId)
      return by === undefined ? undefined : toTicketCaller(by, grant)
    },

    withoutKey: byNobody,

    async renew(caller) {
      const now = await byId(caller.keyId)
      if (now === undefined || caller.ticket === undefined) return now
      return { ...now, scopes: caller.scopes, ticket: caller.ticket }
    },

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

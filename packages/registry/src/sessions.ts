import type { Session } from '@runnel/contract/public'
import { createLuaScript, createRedisKeys, type Redis } from '@runnel/redis'
import { z } from 'zod'
import { isSameDigest, toDigest } from './secret.ts'
import { createSessionParts, toSessionText } from './session-text.ts'

const storedSchema = z.object({
  digest: z.string(),
  device: z.string(),
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime(),
})
type Stored = z.output<typeof storedSchema>

/** A session as it is kept. Who asks decides which one is the current one. */
export type KeptSession = Omit<Session, 'isCurrent'>

export interface FoundSession {
  readonly session: KeptSession
  /** Neither too old nor unused for too long, at this moment. */
  isGood(): boolean
  /** Whether this is its secret. Takes the same time for both answers. */
  isSecret(secret: string): boolean
}

export interface Sessions {
  /** `text` is for the cookie. It is returned here and never again. A key that has too many loses the one used last the longest ago. */
  create(keyId: string, device: string): Promise<{ readonly session: KeptSession; readonly text: string }>
  find(keyId: string, id: string): Promise<FoundSession | undefined>
  /** Those of a key that have not ended, the last used first. */
  list(keyId: string): Promise<KeptSession[]>
  noteUse(keyId: string, id: string): Promise<void>
  /** False if there was no such session. */
  end(keyId: string, id: string): Promise<boolean>
  endAll(keyId: string): Promise<void>
}

/** More than the browsers of a team that shares a key. */
const SESSIONS_PER_KEY = 100

/** Puts a session in and takes others out: ARGV has the session's id, its value, its time, the key's milliseconds to live, and the fields to remove. */
const createScript = createLuaScript(`
if #ARGV > 4 then redis.call('HDEL', KEYS[1], unpack(ARGV, 5)) end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2], ARGV[1] .. ':used', ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[4])`)

/** A session that has just been ended must not come back as half a one. */
const noteUseScript = createLuaScript(`
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 1 then redis.call('HSET', KEYS[1], ARGV[1] .. ':used', ARGV[2]) end`)

const usedField = (id: string): string => `${id}:used`

/**
 * Browsers that are signed in. Each key has one hash in Redis with all its sessions: for a session `<id>`, the field `<id>` says
 * what it is and `<id>:used` when it was last used. Like a key, a session is found by an id that is not secret, and only the
 * SHA-256 of its secret is kept. The hash goes when the newest session reaches its age.
 */
export const createSessions = (options: {
  readonly redis: Redis
  readonly prefix: string
  /** A session that is not used for this long ends. */
  readonly idleMs: number
  /** A session ends after this long, however much it is used. */
  readonly lifetimeMs: number
}): Sessions => {
  const { redis, prefix, idleMs, lifetimeMs } = options
  const { sessions, accessChannel } = createRedisKeys(prefix)

  const toFound = (id: string, json: string, used: string | null | undefined): FoundSession => {
    const { digest, ...stored }: Stored = storedSchema.parse(JSON.parse(json))
    const lastUsedAt = used ?? stored.createdAt
    const endsAt = Math.min(Date.parse(stored.expiresAt), Date.parse(lastUsedAt) + idleMs)
    return {
      session: { id, ...stored, lastUsedAt },
      isGood: () => Date.now() < endsAt,
      isSecret: (secret) => isSameDigest(toDigest(secret), digest),
    }
  }

  /** Those that have ended by themselves too: nothing else removes them. */
  const readAll = async (keyId: string): Promise<FoundSession[]> => {
    const fields = await redis.hgetall(sessions(keyId))
    const found = Object.entries(fields).flatMap(([id, json]) =>
      id.includes(':') ? [] : [toFound(id, json, fields[usedField(id)])],
    )
    return found.toSorted((one, other) => other.session.lastUsedAt.localeCompare(one.session.lastUsedAt))
  }

  return {
    async create(keyId, device) {
      const all = await readAll(keyId)
      const kept = all.filter((found) => found.isGood()).slice(0, SESSIONS_PER_KEY - 1)
      const removed = all.filter((found) => !kept.includes(found)).map(({ session }) => session.id)
      const parts = createSessionParts(keyId)
      const now = Date.now()
      const createdAt = new Date(now).toISOString()
      const stored = { device, createdAt, expiresAt: new Date(now + lifetimeMs).toISOString() }
      const json = JSON.stringify({ ...stored, digest: toDigest(parts.secret) })
      const fields = removed.flatMap((id) => [id, usedField(id)])
      await createScript(redis, [sessions(keyId)], [parts.id, json, createdAt, lifetimeMs, ...fields])
      return { session: { id: parts.id, ...stored, lastUsedAt: createdAt }, text: toSessionText(parts) }
    },

    async find(keyId, id) {
      const [json, used] = await redis.hmget(sessions(keyId), id, usedField(id))
      return typeof json === 'string' ? toFound(id, json, used) : undefined
    },

    async list(keyId) {
      return (await readAll(keyId)).filter((found) => found.isGood()).map(({ session }) => session)
    },

    async noteUse(keyId, id) {
      await noteUseScript(redis, [sessions(keyId)], [id, new Date().toISOString()])
    },

    async end(keyId, id) {
      const removed = await redis.hdel(sessions(keyId), id, usedField(id))
      await redis.publish(accessChannel, id)
      return removed > 0
    },

    async endAll(keyId) {
      await redis.del(sessions(keyId))
      await redis.publish(accessChannel, keyId)
    },
  }
}

import { type Key, type KeyRequest, keySchema, type Tenant } from '@runnel/contract/public'
import { createLuaScript, createRedisKeys, type Redis } from '@runnel/redis'
import { z } from 'zod'
import { createKeyParts, toKeyText } from './key-text.ts'
import { isSameDigest, toDigest } from './secret.ts'
import { readTenant } from './tenants.ts'

const storedSchema = z.object({ ...keySchema.shape, digest: z.string() }).omit({ lastUsedAt: true })

/** A key and its tenant, as they are now. */
export interface FoundKey {
  readonly key: Key
  readonly tenant: Tenant
  /** Whether this is its secret. Takes the same time for both answers. */
  isSecret(secret: string): boolean
}

export interface Keys {
  /** `text` is the key itself. It is returned here and never again. */
  create(request: KeyRequest): Promise<{ readonly key: Key; readonly text: string }>
  /** Every key ever made, newest first. */
  list(): Promise<Key[]>
  /** Undefined if there is no key with this id. Revoking again changes nothing, and `isNew` is false then. */
  revoke(id: string): Promise<{ readonly key: Key; readonly isNew: boolean } | undefined>
  find(id: string): Promise<FoundKey | undefined>
  /** The names of these keys, by id. One that was never made is left out. */
  names(ids: readonly string[]): Promise<ReadonlyMap<string, string>>
  /** That this key was used just now. The caller sees to it that this is not written at every request. */
  noteUse(id: string): Promise<void>
  /** Whether a key was ever made, revoked ones too: revoking the last key must not let everybody in. */
  exist(): Promise<boolean>
}

/** Read only, one round trip. Returns the key ARGV[1], its tenant and when it was last used. */
const findScript = createLuaScript(`
local key = redis.call('HGET', KEYS[1], ARGV[1])
if not key then return false end
return { key, redis.call('HGET', KEYS[2], cjson.decode(key).tenant), redis.call('HGET', KEYS[3], ARGV[1]) }`)

/** Neither revoked nor expired. */
export const isGood = ({ revokedAt, expiresAt }: Pick<Key, 'revokedAt' | 'expiresAt'>): boolean =>
  revokedAt === null && (expiresAt === null || Date.parse(expiresAt) > Date.now())

const toKey = (json: string, lastUsedAt: string | null): { key: Key; digest: string } => {
  const { digest, ...key } = storedSchema.parse(JSON.parse(json))
  return { key: { ...key, lastUsedAt }, digest }
}

/**
 * API keys. Redis has the SHA-256 of each key and not the key, so nobody who can read Redis can use them. A key is looked up
 * by its id, which is not secret, so the time of a lookup shows nothing about secrets. A revoked key stays in the list.
 */
export const createKeys = ({ redis, prefix }: { readonly redis: Redis; readonly prefix: string }): Keys => {
  const { apiKeys, keyUses, sessions, tenants, accessChannel } = createRedisKeys(prefix)

  /** When it was used is written elsewhere, so that a request never undoes a revocation. */
  const store = async ({ lastUsedAt: _, ...key }: Key, digest: string): Promise<void> => {
    await redis.hset(apiKeys, key.id, JSON.stringify({ ...key, digest }))
    await redis.publish(accessChannel, key.id)
  }

  return {
    async create(request) {
      const parts = createKeyParts()
      const key = { id: parts.id, ...request, createdAt: new Date().toISOString(), revokedAt: null, lastUsedAt: null }
      await store(key, toDigest(parts.secret))
      return { key, text: toKeyText(parts) }
    },

    async list() {
      const [stored, uses] = await Promise.all([redis.hgetall(apiKeys), redis.hgetall(keyUses)])
      const keys = Object.entries(stored).map(([id, json]) => toKey(json, uses[id] ?? null).key)
      return keys.toSorted((one, other) => other.createdAt.localeCompare(one.createdAt))
    },

    async revoke(id) {
      const [json, used] = await Promise.all([redis.hget(apiKeys, id), redis.hget(keyUses, id)])
      if (json === null) return undefined
      const { key, digest } = toKey(json, used)
      if (key.revokedAt !== null) return { key, isNew: false }
      const revoked = { ...key, revokedAt: new Date().toISOString() }
      await store(revoked, digest)
      await redis.del(sessions(id))
      return { key: revoked, isNew: true }
    },

    async find(id) {
      const found = await findScript(redis, [apiKeys, tenants, keyUses], [id])
      if (!Array.isArray(found)) return undefined
      const [json, tenant, used]: unknown[] = found
      const { key, digest } = toKey(String(json), typeof used === 'string' ? used : null)
      return {
        key,
        tenant: readTenant(key.tenant, tenant),
        isSecret: (secret) => isSameDigest(toDigest(secret), digest),
      }
    },

    async names(ids) {
      const found = await redis.hmget(apiKeys, ...ids)
      return new Map(found.flatMap((json, at) => (json === null ? [] : [[ids[at] ?? '', toKey(json, null).key.name]])))
    },

    async noteUse(id) {
      await redis.hset(keyUses, id, new Date().toISOString())
    },

    exist: async () => (await redis.exists(apiKeys)) === 1,
  }
}

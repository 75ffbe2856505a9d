import { randomBytes } from 'node:crypto'
import { RequestError, type StoredFile, storedFileSchema } from '@runnel/contract/public'
import { createLuaScript, createRedisKeys, type Redis } from '@runnel/redis'
import { z } from 'zod'
import type { BlobId } from './blob-store.ts'

/** How much one tenant may keep. */
export interface FileBounds {
  readonly files: number
  readonly bytes: number
}

/** What is too much: the number of files, or their bytes. `gone`: the file was removed meanwhile. */
export type Refusal = 'files' | 'bytes' | 'gone'
const refusalSchema = z.enum(['files', 'bytes', 'gone', 'ok'])

/** An upload counts as dead when its process has not renewed it for this long. */
const LEASE_MS = 120_000
export const RENEW_MS = 30_000

/** After every due time. */
const NEVER = 9_000_000_000_000_000

const TIME_DIGITS = 15
const toMember = (createdAt: string, fileId: string): string =>
  `${String(Date.parse(createdAt)).padStart(TIME_DIGITS, '0')}:${fileId}`
const CURSOR = /^\d{15}:file_[0-9a-f]{32}$/
const DUE_MEMBER = /^([a-z0-9][a-z0-9_-]{0,62}) (file_[0-9a-f]{32})$/

/** KEYS: file, used, due. ARGV: member of due, until when, bytes, bounds: files and bytes. */
const reserveScript = createLuaScript(`
local files, bytes = unpack(redis.call('HMGET', KEYS[2], 'files', 'bytes'))
if (tonumber(files) or 0) + 1 > tonumber(ARGV[4]) then return 'files' end
if (tonumber(bytes) or 0) + tonumber(ARGV[3]) > tonumber(ARGV[5]) then return 'bytes' end
redis.call('HINCRBY', KEYS[2], 'files', 1)
redis.call('HINCRBY', KEYS[2], 'bytes', ARGV[3])
redis.call('HSET', KEYS[1], 'bytes', ARGV[3])
redis.call('ZADD', KEYS[3], ARGV[2], ARGV[1])
return 'ok'`)

/** KEYS: file, used, due. ARGV: member of due, until when, more bytes, bound: bytes. */
const extendScript = createLuaScript(`
local reserved, removed = unpack(redis.call('HMGET', KEYS[1], 'bytes', 'removed'))
if not reserved or removed then return 'gone' end
local bytes = redis.call('HGET', KEYS[2], 'bytes')
if (tonumber(bytes) or 0) + tonumber(ARGV[3]) > tonumber(ARGV[4]) then return 'bytes' end
redis.call('HINCRBY', KEYS[2], 'bytes', ARGV[3])
redis.call('HINCRBY', KEYS[1], 'bytes', ARGV[3])
redis.call('ZADD', KEYS[3], ARGV[2], ARGV[1])
return 'ok'`)

/** KEYS: file, used, due, list. ARGV: member of due, expiry, size, record, member of list. */
const keepScript = createLuaScript(`
local reserved, removed = unpack(redis.call('HMGET', KEYS[1], 'bytes', 'removed'))
if not reserved or removed then return 'gone' end
redis.call('HINCRBY', KEYS[2], 'bytes', tonumber(ARGV[3]) - tonumber(reserved))
redis.call('HSET', KEYS[1], 'bytes', ARGV[3], 'record', ARGV[4], 'member', ARGV[5])
redis.call('ZADD', KEYS[3], ARGV[2], ARGV[1])
redis.call('ZADD', KEYS[4], 0, ARGV[5])
return 'ok'`)

/** Nobody finds the file any more, but it still counts. KEYS: file, due, list. ARGV: member of due, now. Returns 1 if it was due. */
const hideScript = createLuaScript(`
local due = redis.call('ZSCORE', KEYS[2], ARGV[1])
if not due or tonumber(due) > tonumber(ARGV[2]) then return 0 end
local member = redis.call('HGET', KEYS[1], 'member')
if member then redis.call('ZREM', KEYS[3], member) end
redis.call('HDEL', KEYS[1], 'record', 'member')
if redis.call('EXISTS', KEYS[1]) == 1 then redis.call('HSET', KEYS[1], 'removed', 1) end
redis.call('ZADD', KEYS[2], 0, ARGV[1])
return 1`)

/** Its bytes are gone. KEYS: file, used, due. ARGV: member of due. */
const forgetScript = createLuaScript(`
redis.call('ZREM', KEYS[3], ARGV[1])
local bytes = redis.call('HGET', KEYS[1], 'bytes')
if not bytes then return end
redis.call('DEL', KEYS[1])
redis.call('HINCRBY', KEYS[2], 'bytes', -tonumber(bytes))
if redis.call('HINCRBY', KEYS[2], 'files', -1) <= 0 then redis.call('DEL', KEYS[2]) end`)

export const createFileId = (): string => `file_${randomBytes(16).toString('hex')}`

export interface FilePage {
  readonly files: readonly StoredFile[]
  readonly next?: string
}

/**
 * What Redis knows about files:
 *
 *   file:<id>             bytes: what it counts; once it is whole, record: what users see, and member: its place in files:<tenant>;
 *                         removed: its bytes are being deleted
 *   files:<tenant>        the whole files, by time
 *   files-used:<tenant>   how many files and bytes count, those included that are being uploaded
 *   files-due             when each file is to be removed: at its expiry, at the end of a dead upload's lease, at once if deleted
 *
 * A file counts from before its first byte is stored until after its last byte is gone, each in one step. So a bound is never passed,
 * however many processes upload at once, and whatever is killed is counted down by the sweep.
 */
export const createFileRecords = ({ redis, prefix }: { readonly redis: Redis; readonly prefix: string }) => {
  const keys = createRedisKeys(prefix)
  const toDue = ({ tenantId, fileId }: BlobId): string => `${tenantId} ${fileId}`

  return {
    /** Counts a new file with this many bytes, which may be too few. */
    async reserve(id: BlobId, bytes: number, bounds: FileBounds): Promise<Refusal | 'ok'> {
      const places = [keys.file(id.fileId), keys.filesUsed(id.tenantId), keys.filesDue]
      const args = [toDue(id), Date.now() + LEASE_MS, bytes, bounds.files, bounds.bytes]
      return refusalSchema.parse(await reserveScript(redis, places, args))
    },
    /** Counts more bytes of an upload, and renews its lease. */
    async extend(id: BlobId, bytes: number, bounds: FileBounds): Promise<Refusal | 'ok'> {
      const places = [keys.file(id.fileId), keys.filesUsed(id.tenantId), keys.filesDue]
      return refusalSchema.parse(
        await extendScript(redis, places, [toDue(id), Date.now() + LEASE_MS, bytes, bounds.bytes]),
      )
    },
    /** The upload is whole: from now on it can be found, and counts its true size. False if it was removed meanwhile. */
    async keep(tenantId: string, file: StoredFile): Promise<boolean> {
      const id = { tenantId, fileId: file.id }
      const places = [keys.file(file.id), keys.filesUsed(tenantId), keys.filesDue, keys.files(tenantId)]
      const record = JSON.stringify({ tenantId, file })
      const args = [toDue(id), Date.parse(file.expiresAt), file.sizeBytes, record, toMember(file.createdAt, file.id)]
      return (await keepScript(redis, places, args)) === 'ok'
    },
    /** Undefined for a file that is not whole, does not exist, or is another tenant's: all with the same work. */
    async find({ tenantId, fileId }: BlobId): Promise<StoredFile | undefined> {
      const read = recordSchema.safeParse(parseJson(await redis.hget(keys.file(fileId), 'record')))
      return read.success && read.data.tenantId === tenantId ? read.data.file : undefined
    },
    /** Newest first. Throws a RequestError for a cursor that no page has given. */
    async list(
      tenantId: string,
      options: { readonly cursor: string | undefined; readonly limit: number },
    ): Promise<FilePage> {
      const { cursor, limit } = options
      if (cursor !== undefined && !CURSOR.test(cursor)) {
        throw new RequestError(
          'invalid-request',
          `Cannot use the cursor ${JSON.stringify(cursor)}: send the \`next\` of a page`,
        )
      }
      const from = cursor === undefined ? '+' : `(${cursor}`
      const members = await redis.zrange(keys.files(tenantId), from, '-', 'BYLEX', 'REV', 'LIMIT', 0, limit + 1)
      const shown = members.slice(0, limit)
      const step = redis.pipeline()
      for (const member of shown) step.hget(keys.file(member.slice(TIME_DIGITS + 1)), 'record')
      const answers = shown.length === 0 ? [] : ((await step.exec()) ?? [])
      const files = answers.flatMap(([error, json]) => {
        if (error !== null) throw error
        const read = recordSchema.safeParse(parseJson(json))
        return read.success ? [read.data.file] : []
      })
      const next = members.length > limit ? shown.at(-1) : undefined
      return { files, ...(next === undefined ? {} : { next }) }
    },
    /**
     * Nobody finds it any more, and it is due now. It counts until it is forgotten. False if it was not due by `now`, in milliseconds
     * since 1970: another process has kept it meanwhile.
     */
    async hide(id: BlobId, now: number = NEVER): Promise<boolean> {
      const places = [keys.file(id.fileId), keys.filesDue, keys.files(id.tenantId)]
      return (await hideScript(redis, places, [toDue(id), now])) === 1
    },
    /** It no longer counts. Its bytes must be gone. */
    async forget(id: BlobId): Promise<void> {
      await forgetScript(redis, [keys.file(id.fileId), keys.filesUsed(id.tenantId), keys.filesDue], [toDue(id)])
    },
    /** Files that are to be removed now. */
    async due(limit: number): Promise<readonly BlobId[]> {
      const members = await redis.zrange(keys.filesDue, '-inf', Date.now(), 'BYSCORE', 'LIMIT', 0, limit)
      return members.flatMap((member) => {
        const [, tenantId, fileId] = DUE_MEMBER.exec(member) ?? []
        return tenantId === undefined || fileId === undefined ? [] : [{ tenantId, fileId }]
      })
    },
    /** Whether anything about this file is known: one that is being uploaded, too. */
    async isKnown(id: BlobId): Promise<boolean> {
      return (await redis.exists(keys.file(id.fileId))) === 1
    },
    /** True for one process every `everyMs`. */
    async takeTurn(everyMs: number): Promise<boolean> {
      return (await redis.set(keys.filesChecked, '1', 'PX', everyMs, 'NX')) === 'OK'
    },
  }
}
export type FileRecords = ReturnType<typeof createFileRecords>

const recordSchema = z.object({ tenantId: z.string(), file: storedFileSchema })

const parseJson = (json: unknown): unknown => {
  try {
    return JSON.parse(String(json))
  } catch {
    return undefined
  }
}

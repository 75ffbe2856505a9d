import type { Control } from '@runnel/contract/internal'
import { PROGRAM, RequestError } from '@runnel/contract/public'
import {
  createLuaScript,
  KEPT_FIELDS,
  KEPT_LUA,
  type KeptBounds,
  MEMORY_SHARE,
  type Redis,
  type RedisKeys,
} from '@runnel/redis'

/** Each piece of input counts for at least this: an entry of one byte costs Redis as much. */
const PIECE_BYTES = 64
/** Finished jobs may be dropped meanwhile, or end. */
const STORAGE_RETRY_MS = 5_000
/** Signals are small and read soon. If there are too many, about this number of the latest are kept. */
const SIGNALS = 1_000

/**
 * Input stays in Redis until its job finishes, because a later attempt reads it from the start. So its size is bounded. The
 * ids of the entries hold the sum: a piece has the id `<bytes so far, its own included>-0`, and an end after it
 * `<the same number>-1`. So a second end at the same place changes nothing.
 *
 * KEYS: the input, the channel, the counters of bytes, the bytes of the job. ARGV: the message, its size (0 for an end), the
 * bound, expiry in ms, the job's id, the bounds of the bytes: of all tenants, of one. Returns 1 if the message is stored, 0 if the
 * job has too much input, -1 if Redis has no room.
 */
const appendInputScript = createLuaScript(`
local kept, keptJob = KEYS[3], KEYS[4]
${KEPT_LUA}
local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
local sent, n = string.match(last and last[1] or '0-0', '^(%d+)-(%d+)$')
local total = tonumber(sent) + tonumber(ARGV[2])
local isEnd = ARGV[2] == '0'
if isEnd and n == '1' then return 1 end
if not isEnd and total > tonumber(ARGV[3]) then return 0 end
local tenant = not isEnd and redis.call('HGET', keptJob, '${KEPT_FIELDS.tenant}')
if tenant then
  if findFull(tenant, #ARGV[1], ARGV[6], ARGV[7], ${MEMORY_SHARE.admission}) then return -1 end
  redis.call('HINCRBY', keptJob, '${KEPT_FIELDS.stdin}', #ARGV[1])
  addKept(tenant, #ARGV[1])
end
redis.call('XADD', KEYS[1], total .. (isEnd and '-1' or '-0'), 'm', ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
redis.call('PUBLISH', KEYS[2], ARGV[5])
return 1`)

type Input = Extract<Control, { type: 'stdin' | 'stdin-end' }>

const countBytes = (input: Input): number =>
  input.type === 'stdin' ? Math.max(Buffer.byteLength(input.data, input.encoding), PIECE_BYTES) : 0

/** Appends to one of the job's two streams and notifies the workers. Throws `stdin-full` if the bound is reached, and `storage-full`. */
export const sendMessage = async (
  parts: {
    readonly redis: Redis
    readonly keys: RedisKeys
    readonly retentionMs: number
    readonly keptBounds: KeptBounds
  },
  jobId: string,
  message: Control,
): Promise<void> => {
  const { redis, keys, retentionMs, keptBounds } = parts
  const json = JSON.stringify(message)
  if (message.type === 'stdin' || message.type === 'stdin-end') {
    const bound = PROGRAM.stdinTotalBytes
    const args = [json, countBytes(message), bound, retentionMs, jobId, keptBounds.all, keptBounds.tenant]
    const inputKeys = [keys.stdin(jobId), keys.controlChannel, keys.kept, keys.keptJob(jobId)]
    const stored = await appendInputScript(redis, inputKeys, args)
    if (stored === 1) return
    if (stored === -1) {
      throw new RequestError('storage-full', 'Cannot take this input: Redis has no room for it; try again later', {
        retryAfterMs: STORAGE_RETRY_MS,
      })
    }
    throw new RequestError(
      'stdin-full',
      `Cannot take this input: a job may be sent ${bound} bytes in all (a message counts for at least ${PIECE_BYTES}); end the input, or send the rest to another job`,
    )
  }
  const key = keys.control(jobId)
  const results = await redis
    .multi()
    .xadd(key, 'MAXLEN', '~', SIGNALS, '*', 'm', json)
    .pexpire(key, retentionMs)
    .publish(keys.controlChannel, jobId)
    .exec()
  const failed = results?.find(([error]) => error !== null)?.[0]
  if (failed) throw failed
}

import type { Control } from '@runnel/contract/internal'
import { PROGRAM, RequestError } from '@runnel/contract/public'
import { createLuaScript, type Redis, type RedisKeys } from '@runnel/redis'

/** What a piece of input counts for at least: Redis spends as much on an entry that carries one byte. */
const PIECE_BYTES = 64
/** Signals are small and soon read; of a flood of them, about the last so many are kept. */
const SIGNALS = 1_000

/**
 * Input stays in Redis until its job finishes, because a later attempt reads it from its start; so there
 * is a bound to it. The sum is in the entries' ids: a piece has `<bytes sent with it>-0`, and an end that follows it
 * `<the same>-1`, which makes a second end at the same place one with the first.
 *
 * KEYS: the input, the channel. ARGV: the message, what it counts for (0 for an end), the bound, expiry in ms, the job's id.
 * 1 when the message is there, 0 when there is no room for it.
 */
const appendInputScript = createLuaScript(`
local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
local sent, n = string.match(last and last[1] or '0-0', '^(%d+)-(%d+)$')
local total = tonumber(sent) + tonumber(ARGV[2])
local isEnd = ARGV[2] == '0'
if isEnd and n == '1' then return 1 end
if not isEnd and total > tonumber(ARGV[3]) then return 0 end
redis.call('XADD', KEYS[1], total .. (isEnd and '-1' or '-0'), 'm', ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
redis.call('PUBLISH', KEYS[2], ARGV[5])
return 1`)

type Input = Extract<Control, { type: 'stdin' | 'stdin-end' }>

const countBytes = (input: Input): number =>
  input.type === 'stdin' ? Math.max(Buffer.byteLength(input.data, input.encoding), PIECE_BYTES) : 0

/** Appends to one of the job's two streams and tells the workers. Throws `stdin-full` where the bound is reached. */
export const sendMessage = async (
  { redis, keys, retentionMs }: { readonly redis: Redis; readonly keys: RedisKeys; readonly retentionMs: number },
  jobId: string,
  message: Control,
): Promise<void> => {
  const json = JSON.stringify(message)
  if (message.type === 'stdin' || message.type === 'stdin-end') {
    const bound = PROGRAM.stdinTotalBytes
    const args = [json, countBytes(message), bound, retentionMs, jobId]
    if ((await appendInputScript(redis, [keys.stdin(jobId), keys.controlChannel], args)) === 1) return
    throw new RequestError(
      'stdin-full',
      `Cannot take this input: all a job is sent while it runs may have ${bound} bytes (a message counts for at least ${PIECE_BYTES}); end the input, or give the rest to another job`,
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

import type { Redis } from 'ioredis'
import { createTurnScript } from './turn-script.ts'

/**
 * In one step: who takes a job from where it waits has it, a worker or we. Asking for its state first would leave a gap.
 * 1 when it waited and is gone.
 */
const removeScript = createTurnScript(`
local id = ARGV[2]
local tenant, number = unpack(redis.call('HMGET', base .. id, 'name', 'number'))
if not tenant then return 0 end
local taken = number and redis.call('ZREM', waiting, toWaiting(tenant, number, id)) or 0
if taken == 0 then
  taken = redis.call('LREM', wait, 1, id) + redis.call('ZREM', base .. 'delayed', id)
end
if taken == 0 then return 0 end
redis.call('UNLINK', base .. id)
redis.call('ZREM', admitted, toAdmitted(tenant, id))
line(tenant)
fill()
return 1
`)

export const removeJob = async (redis: Redis, prefix: string, jobId: string): Promise<boolean> =>
  (await removeScript(redis, prefix, [jobId])) === 1

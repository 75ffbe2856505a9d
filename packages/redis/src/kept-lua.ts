/** How many bytes of jobs Redis may keep. Over them, finished jobs are dropped, oldest first. */
export interface KeptBounds {
  /** Of all tenants together. */
  readonly all: number
  /** Of one tenant. */
  readonly tenant: number
}

/**
 * The share of Redis's `maxmemory` that may be used, for each kind of write. What is left is for locks, leases and endings:
 * at `maxmemory` no worker could renew the lock of a job, and every running program would be stopped.
 */
export const MEMORY_SHARE = { admission: 0.75, log: 0.85 } as const

/**
 * What a job costs Redis besides its program and its output: its records, its places in sorted sets, and its log, which takes
 * 4,800 bytes with one line in it. Measured 2026-11-29: used_memory grew by 7,600 bytes for each of 3,000 jobs that printed a line.
 */
export const JOB_BASE_BYTES = 7_168

/** The fields of `kept:<jobId>`. */
export const KEPT_FIELDS = {
  tenant: 'tenant',
  rest: 'rest',
  output: 'output',
  stdin: 'stdin',
  printed: 'printed',
} as const

/** The field of `kept` for the bytes of a tenant. */
export const toTenantField = (tenantId: string): string => `tenant ${tenantId}`

/** How much may be written between two looks at the memory of Redis. A look takes 18 µs (2026-11-29). */
const LOOK_BYTES = 1024 * 1024

/**
 * Counts the bytes that jobs keep. The script must define `kept`, the key of the counters, before this.
 *
 *   kept           all <bytes>, tenant <id> <bytes>; how full Redis was at the last look: share, at, since
 *   kept:<jobId>   of a job that has not ended: its tenant, and bytes of its output, of its input and of the rest; of a site also how
 *                  much its pages have printed
 */
export const KEPT_LUA = `
local function addKept(tenant, bytes)
  for _, field in ipairs({ 'all', 'tenant ' .. tenant }) do
    if redis.call('HINCRBY', kept, field, bytes) <= 0 then redis.call('HDEL', kept, field) end
  end
end

-- The share of its maxmemory that Redis uses, and 0 if it has none.
local function lookAtMemory(now)
  local memory = redis.call('INFO', 'memory')
  local function field(name) return tonumber(string.match(memory, name .. ':(%d+)') or 0) end
  local most, share = field('\\nmaxmemory'), 0
  if most > 0 then share = (field('used_memory') - field('mem_not_counted_for_evict')) / most end
  redis.call('HSET', kept, 'share', string.format('%.4f', share), 'at', now, 'since', 0)
  return share
end

-- The same, from the last look if that was within this second and little was written since.
local function usedShare(adding)
  local now = redis.call('TIME')[1]
  local share, at, since = unpack(redis.call('HMGET', kept, 'share', 'at', 'since'))
  if at ~= now or tonumber(since) + adding >= ${LOOK_BYTES} then return lookAtMemory(now) end
  redis.call('HINCRBY', kept, 'since', adding)
  return tonumber(share)
end

-- What is too full for this many bytes more: 'tenant', 'all' or 'memory'. Nil if there is room.
local function findFull(tenant, adding, allBound, tenantBound, share)
  local all, own = unpack(redis.call('HMGET', kept, 'all', 'tenant ' .. tenant))
  if (tonumber(own) or 0) + adding > tonumber(tenantBound) then return 'tenant' end
  if (tonumber(all) or 0) + adding > tonumber(allBound) then return 'all' end
  if usedShare(adding) >= share then return 'memory' end
  return nil
end
`

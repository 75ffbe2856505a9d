import { createRedisKeys, KEPT_FIELDS, KEPT_LUA, type RedisKeys } from '@runnel/redis'

const names = createRedisKeys('')
const LOCK_SUFFIX = names.jobLock('').slice(names.queuedJob('').length)
const { tenant, rest, output, stdin } = KEPT_FIELDS

/** The keys of the counters, then the common prefixes of the keys of the jobs that are dropped. */
export const roomKeys = (keys: RedisKeys): readonly string[] => [
  keys.kept,
  keys.keptFinished,
  keys.keptFinishedOf(''),
  keys.events(''),
  keys.queuedJob(''),
  keys.jobRecord(''),
  keys.program(''),
]

/** Output of fewer bytes is not dropped alone: a log without output is not smaller by much. */
const SMALL_OUTPUT_BYTES = 1_024
/** Far above every time in milliseconds. */
const WITHOUT_OUTPUT = 1e14
/** For one write, so that Redis is not busy for long: a job takes some 80 µs, one with 64 MiB of output 12 ms (2026-11-29). */
const DROPS_AT_ONCE = 100

/**
 * Makes room by dropping finished jobs, oldest first. The script must define \`kept\`, \`finished\`, \`firstFinishedOf\`,
 * \`firstLog\`, \`firstJob\`, \`firstRecord\`, \`firstProgram\`, as \`roomKeys\` has them.
 *
 *   finished ──▶ its output is dropped ──▶ the job is dropped, as if its retention were over
 *
 * 1. Each finished job is in two sorted sets, the one of all and that of its tenant, as \`<job> <tenant> <rest> <output>\` with its
 *    bytes. The score is when it expires; that of a job without output is ${WITHOUT_OUTPUT} higher. So all output goes before any job does.
 * 2. Of a log without output there remain \`queued\`, \`started\`, \`restarted\` and \`finished\`, and one event \`dropped\` for each
 *    attempt: its id is the last one that was left out, \`first\` is the first one.
 * 3. Redis removes the keys of expired jobs. Their bytes are subtracted by the next script that makes room or ends a job.
 */
export const ROOM_LUA = `${KEPT_LUA}
local function droppedMessage(id, first, message)
  local jobId, at = string.match(message, '"jobId":"([^"]+)"'), string.match(message, '"at":"([^"]+)"')
  return string.format('%s dropped {"jobId":"%s","id":"%s","at":"%s","type":"dropped","first":"%s"}', id, jobId, id, at, first)
end

local function addFinished(expiresAt, id, tenant, restBytes, outputBytes)
  local score = outputBytes < ${SMALL_OUTPUT_BYTES} and ${WITHOUT_OUTPUT} + expiresAt or expiresAt
  local member = string.format('%s %s %.0f %.0f', id, tenant, restBytes, outputBytes)
  redis.call('ZADD', finished, score, member)
  redis.call('ZADD', firstFinishedOf .. tenant, score, member)
end

-- Returns the job, its tenant, and its bytes: rest and output.
local function takeFinished(member)
  local id, tenant, restBytes, outputBytes = string.match(member, '^(%S+) (%S+) (%d+) (%d+)$')
  redis.call('ZREM', finished, member)
  redis.call('ZREM', firstFinishedOf .. tenant, member)
  return id, tenant, tonumber(restBytes), tonumber(outputBytes)
end

local function forgetExpired(count)
  local time = redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  for _, first in ipairs({ 0, ${WITHOUT_OUTPUT} }) do
    for _, member in ipairs(redis.call('ZRANGEBYSCORE', finished, first, first + now, 'LIMIT', 0, count)) do
      local _, tenant, restBytes, outputBytes = takeFinished(member)
      addKept(tenant, -restBytes - outputBytes)
    end
  end
  return now
end

-- Of one attempt: what stays of its log. Adds to the list: id, type, message of each entry.
local function addRemainder(log, attempt, entries)
  local firstOutput = 1
  for _, entry in ipairs(redis.call('XRANGE', log, attempt .. '-1', attempt .. '-2')) do
    local eventType = typeOf(entry)
    if eventType == 'queued' or eventType == 'started' or eventType == 'restarted' then
      entries[#entries + 1] = { entry[1], eventType, messageOf(entry) }
      firstOutput = firstOutput + 1
    end
  end
  local last = redis.call('XREVRANGE', log, attempt, attempt, 'COUNT', 1)[1]
  if last == nil then return end
  local isEnd = typeOf(last) == 'finished'
  local lastOutput = tonumber(string.match(last[1], '-(%d+)$')) - (isEnd and 1 or 0)
  if lastOutput >= firstOutput then
    local id = attempt .. '-' .. string.format('%.0f', lastOutput)
    local message = droppedMessage(id, attempt .. '-' .. firstOutput, messageOf(last))
    entries[#entries + 1] = { id, 'dropped', message }
  end
  if isEnd then entries[#entries + 1] = { last[1], 'finished', messageOf(last) } end
end

local function dropOutput(id)
  local log = firstLog .. id
  local last, ms = redis.call('XREVRANGE', log, '+', '-', 'COUNT', 1)[1], redis.call('PTTL', log)
  if last == nil or ms <= 0 then return end
  local entries = {}
  for attempt = 0, tonumber(string.match(last[1], '^%d+')) do addRemainder(log, attempt, entries) end
  redis.call('DEL', log)
  for _, entry in ipairs(entries) do redis.call('XADD', log, entry[1], 'type', entry[2], 'message', entry[3]) end
  redis.call('PEXPIRE', log, ms)
end

-- Drops the first job of this set, or its output. False if there is none. A job that BullMQ still ends has its lock.
local function dropFirst(set)
  local member, score = unpack(redis.call('ZRANGE', set, 0, 0, 'WITHSCORES'))
  if not member then return false end
  local isWithoutOutput = tonumber(score) >= ${WITHOUT_OUTPUT}
  local job = firstJob .. string.match(member, '^%S+')
  if isWithoutOutput and redis.call('EXISTS', job .. '${LOCK_SUFFIX}') == 1 then return false end
  local id, tenant, restBytes, outputBytes = takeFinished(member)
  if isWithoutOutput then
    redis.call('DEL', firstLog .. id, job, firstRecord .. id, firstProgram .. id)
    addKept(tenant, -restBytes - outputBytes)
  else
    dropOutput(id)
    addKept(tenant, -outputBytes)
    addFinished(tonumber(score), id, tenant, restBytes, 0)
  end
  return true
end

-- Returns what is too full for this many bytes more, after all was dropped that may be. Nil if there is room now.
local function makeRoom(tenant, adding, allBound, tenantBound, share)
  local full = findFull(tenant, adding, allBound, tenantBound, share)
  if not full then return nil end
  forgetExpired(${DROPS_AT_ONCE})
  for _ = 1, ${DROPS_AT_ONCE} do
    full = findFull(tenant, adding, allBound, tenantBound, share)
    if not full then return nil end
    if not dropFirst(full == 'tenant' and firstFinishedOf .. tenant or finished) then return full end
    if full == 'memory' then redis.call('HDEL', kept, 'at') end
  end
  return full
end

-- The job has ended: from now on it may be dropped.
local function endKept(keptJob, id, ms)
  local tenant, restBytes, outputBytes, stdinBytes =
    unpack(redis.call('HMGET', keptJob, '${tenant}', '${rest}', '${output}', '${stdin}'))
  if not tenant then return end
  local now = forgetExpired(4)
  redis.call('DEL', keptJob)
  if stdinBytes then addKept(tenant, -tonumber(stdinBytes)) end
  addFinished(now + ms, id, tenant, tonumber(restBytes), tonumber(outputBytes) or 0)
end
`

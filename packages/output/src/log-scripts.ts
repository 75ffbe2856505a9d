import { createLuaScript, KEPT_FIELDS, MEMORY_SHARE, type RedisKeys, RUN_COMMANDS_LUA } from '@runnel/redis'
import { ROOM_LUA, roomKeys } from './room-lua.ts'

/**
 * The keys of every script that writes to a log: the log, the messages to the job and its bytes, which are removed when it
 * finishes, and the keys to make room with. The channel of a log has the same name as the log.
 */
export const logKeys = (keys: RedisKeys, jobId: string): readonly string[] => [
  keys.events(jobId),
  keys.control(jobId),
  keys.stdin(jobId),
  keys.keptJob(jobId),
  ...roomKeys(keys),
]
const [LOG_KEYS, ROOM_KEYS] = [4, 7]

/** What an entry costs besides its message. */
const ENTRY_BYTES = 64

/** Reads the fields of a stream entry, in the order in which `toFields` writes them. */
const ENTRY = `
local function typeOf(entry) return entry[2][2] end
local function messageOf(entry) return entry[2][4] end
`

/**
 * Shared by all scripts that write to a log. KEYS: see `logKeys`, then those of the commands that run when the job finishes.
 * Explicit ids make a write safe to repeat and stop stale writers: Redis refuses an id that is not above the last one. If a
 * refused entry is already there with the same text, this write was done before and its answer was lost: then the commands ran
 * too, and do not run again.
 */
const SHARED = `
local FIRST_COMMAND_KEY = ${LOG_KEYS + ROOM_KEYS + 1}
local log, control, stdin, keptJob = unpack(KEYS, 1, ${LOG_KEYS})
local kept, finished, firstFinishedOf, firstLog, firstJob, firstRecord, firstProgram = unpack(KEYS, ${LOG_KEYS + 1}, ${LOG_KEYS + ROOM_KEYS})
${ENTRY}${RUN_COMMANDS_LUA}${ROOM_LUA}
local function entryAt(id) return redis.call('XRANGE', log, id, id)[1] end

local function has(id, message)
  local found = entryAt(id)
  return found ~= nil and messageOf(found) == message
end

-- Returns 'added', 'there' if this write was done before, or nil if a later attempt has taken over.
local function add(id, eventType, message)
  local written = redis.pcall('XADD', log, id, 'type', eventType, 'message', message)
  if type(written) == 'string' then
    redis.call('PUBLISH', log, message)
    return 'added'
  end
  if string.find(written.err, 'equal or smaller', 1, true) == nil then error(written.err) end
  return has(id, message) and 'there' or nil
end

local function top()
  local last = redis.call('XREVRANGE', log, '+', '-', 'COUNT', 1)[1]
  if last == nil then return nil end
  local attempt, n = string.match(last[1], '^(%d+)-(%d+)$')
  return { attempt = tonumber(attempt), n = tonumber(n), isFinished = typeOf(last) == 'finished' }
end

-- The job has finished. at: where the arguments of the commands start.
local function close(ms, at)
  redis.call('PEXPIRE', log, ms)
  redis.call('UNLINK', control, stdin)
  endKept(keptJob, string.sub(log, #firstLog + 1), tonumber(ms))
  runCommands(at, FIRST_COMMAND_KEY)
end
`

/**
 * ARGV: expiry in ms or 0; how many entries the log must have at least; the bounds of all tenants and of one; how many new entries
 * there are; then id, type, message of each; with an expiry also the commands.
 *
 * Returns 1 if all of it is in the log, 0 if a later attempt has taken over, and 'gone' if the log has too few entries,
 * because Redis has lost data. Then nothing is written, because no reader would notice the gap. Returns 'dropped' if there is
 * no room for the output: then one event \`dropped\` stands for it, and more output of this attempt must not be written.
 */
export const appendScript = createLuaScript(`${SHARED}
local FIRST = 6
local isEnd, count = ARGV[1] ~= '0', tonumber(ARGV[5])
local last = FIRST + 3 * (count - 1)
if redis.call('XLEN', log) < tonumber(ARGV[2]) then
  -- The job may have ended, and its output may have been dropped since: then this is only the answer that was lost.
  return isEnd and has(ARGV[last], ARGV[last + 2]) and 1 or 'gone'
end

local outputs, bytes = isEnd and count - 1 or count, 0
for at = FIRST, last, 3 do bytes = bytes + #ARGV[at + 2] + ${ENTRY_BYTES} end
local tenant = redis.call('HGET', keptJob, '${KEPT_FIELDS.tenant}')
local lastOutput = FIRST + 3 * (outputs - 1)
local written = outputs > 0 and entryAt(ARGV[lastOutput])
local isDropped = written and typeOf(written) == 'dropped'
if outputs > 0 and not written and tenant and makeRoom(tenant, bytes, ARGV[3], ARGV[4], ${MEMORY_SHARE.log}) then
  local id, message = ARGV[lastOutput], ARGV[lastOutput + 2]
  if not add(id, 'dropped', droppedMessage(id, ARGV[FIRST], message)) then return 0 end
  isDropped = true
end

local how
for at = isDropped and lastOutput + 3 or FIRST, last, 3 do
  how = add(ARGV[at], ARGV[at + 1], ARGV[at + 2])
  if not how then return 0 end
end
if how == 'added' and tenant and not isDropped then
  redis.call('HINCRBY', keptJob, '${KEPT_FIELDS.output}', bytes)
  addKept(tenant, bytes)
end
if isEnd and how == 'added' then close(ARGV[1], last + 3) end
return isDropped and 'dropped' or 1
`)

/**
 * ARGV: attempt, then the messages of \`<attempt>-1 started\`, \`<attempt>-1 restarted\`, \`<attempt>-2 started\`.
 * Returns the n of \`started\` and how many entries the log then has, or why the attempt cannot start.
 */
export const startScript = createLuaScript(`${SHARED}
local attempt = tonumber(ARGV[1])
local first, second = ARGV[1] .. '-1', ARGV[1] .. '-2'
local last = top()
if last ~= nil and last.isFinished then return 'finished' end
if last ~= nil and last.attempt == attempt then
  if has(first, ARGV[2]) then return { 1, redis.call('XLEN', log) } end
  if has(first, ARGV[3]) then return { 2, redis.call('XLEN', log) } end
end
if last ~= nil and last.attempt >= attempt then return 'stale' end
if last == nil or last.attempt == 0 then
  add(first, 'started', ARGV[2])
  return { 1, redis.call('XLEN', log) }
end
add(first, 'restarted', ARGV[3])
add(second, 'started', ARGV[4])
return { 2, redis.call('XLEN', log) }
`)

/**
 * ARGV: expiry in ms, the message of \`0-2 finished\`, the commands. Returns 1 if this ended the job, 0 if it had started or
 * finished.
 */
export const cancelScript = createLuaScript(`${SHARED}
local last = top()
if last == nil or last.attempt ~= 0 then return 0 end
if last.isFinished then return has('0-2', ARGV[2]) and 1 or 0 end
add('0-2', 'finished', ARGV[2])
close(ARGV[1], 3)
return 1
`)

/**
 * ARGV: expiry in ms, how many attempts there were, the message of \`0-2 finished\`, then the messages of the next attempt's
 * \`1 restarted\` and \`2 finished\`, then the commands. Returns 1 if this ended the job, 0 if it had finished or a later
 * attempt has started.
 */
export const endUntakenScript = createLuaScript(`${SHARED}
local last, attempts = top(), tonumber(ARGV[2])
if last == nil or last.isFinished or last.attempt > attempts then return 0 end
if last.attempt == 0 then
  add('0-2', 'finished', ARGV[3])
else
  add(attempts + 1 .. '-1', 'restarted', ARGV[4])
  add(attempts + 1 .. '-2', 'finished', ARGV[5])
end
close(ARGV[1], 6)
return 1
`)

/**
 * Read only: all that a summary needs, without the output. Returns the number of the last attempt and a list: the first entry,
 * the start of the last attempt, and the last entries if they are \`dropped\` and \`finished\`.
 */
export const summaryScript = createLuaScript(`${ENTRY}
local log = KEYS[1]
local first = redis.call('XRANGE', log, '-', '+', 'COUNT', 1)[1]
if first == nil then return nil end
local last = redis.call('XREVRANGE', log, '+', '-', 'COUNT', 1)[1]
local attempt = string.match(last[1], '^(%d+)-')
local starts = redis.call('XRANGE', log, attempt .. '-1', attempt .. '-2')
local entries = { first }
for _, entry in ipairs(starts) do
  if typeOf(entry) == 'started' then entries[#entries + 1] = entry end
end
for _, entry in ipairs(redis.call('XREVRANGE', log, '+', attempt, 'COUNT', 2)) do
  local eventType = typeOf(entry)
  if eventType == 'dropped' or eventType == 'finished' then entries[#entries + 1] = entry end
end
return { tonumber(attempt), entries }
`)

/**
 * KEYS: as \`roomKeys\`. ARGV: the tenant, how many bytes are wanted, the bounds of all tenants and of one. Drops finished jobs
 * if that is needed. Returns what is still too full, or nothing if there is room.
 */
export const makeRoomScript = createLuaScript(`
local kept, finished, firstFinishedOf, firstLog, firstJob, firstRecord, firstProgram = unpack(KEYS)
${ENTRY}${ROOM_LUA}
return makeRoom(ARGV[1], tonumber(ARGV[2]), ARGV[3], ARGV[4], ${MEMORY_SHARE.admission})
`)

/**
 * KEYS: as \`roomKeys\`, then those of the commands. ARGV: as the script before, then the commands. Runs them if there is room.
 * Returns what is too full, or nothing.
 */
export const acceptRunScript = createLuaScript(`
local kept, finished, firstFinishedOf, firstLog, firstJob, firstRecord, firstProgram = unpack(KEYS)
${ENTRY}${RUN_COMMANDS_LUA}${ROOM_LUA}
local full = makeRoom(ARGV[1], tonumber(ARGV[2]), ARGV[3], ARGV[4], ${MEMORY_SHARE.admission})
if full then return full end
runCommands(5, ${ROOM_KEYS} + 1)
`)

/**
 * KEYS: as the script before, then the key that remembers the submission, if it has an idempotency key. ARGV: the tenant, its bytes, the
 * bounds, the fingerprint of the submission, how long it is remembered, the job, then the commands. Returns \`full\` and what is too
 * full, \`key-reused\`, or \`taken\` and the job of this submission.
 */
export const acceptOnceScript = createLuaScript(`
local kept, finished, firstFinishedOf, firstLog, firstJob, firstRecord, firstProgram = unpack(KEYS)
${ENTRY}${RUN_COMMANDS_LUA}${ROOM_LUA}
local record = KEYS[${ROOM_KEYS} + tonumber(ARGV[8]) + 1]
if record then
  local known = redis.call('HMGET', record, 'job', 'fingerprint')
  if known[1] and known[2] ~= ARGV[5] then return { 'key-reused' } end
  if known[1] then return { 'taken', known[1] } end
end
if redis.call('EXISTS', firstLog .. ARGV[7]) == 1 then return { 'taken', ARGV[7] } end
local full = makeRoom(ARGV[1], tonumber(ARGV[2]), ARGV[3], ARGV[4], ${MEMORY_SHARE.admission})
if full then return { 'full', full } end
runCommands(8, ${ROOM_KEYS} + 1)
if record then
  redis.call('HSET', record, 'job', ARGV[7], 'fingerprint', ARGV[5])
  redis.call('PEXPIRE', record, ARGV[6])
end
return { 'taken', ARGV[7] }
`)

/** ARGV: the commands. Returns 1 if the run was not started and is gone now. */
export const undoRunScript = createLuaScript(`${SHARED}
local last = top()
if last == nil or last.attempt > 0 or last.isFinished then return 0 end
local tenant, bytes = unpack(redis.call('HMGET', keptJob, '${KEPT_FIELDS.tenant}', '${KEPT_FIELDS.rest}'))
if tenant then addKept(tenant, -tonumber(bytes)) end
redis.call('UNLINK', log, keptJob)
runCommands(1, FIRST_COMMAND_KEY)
return 1
`)

/**
 * ARGV: expiry in ms, the JSON of \`finished\` with the id \`0-0\`, the commands. Adds it after the last entry, whatever that is.
 * Returns 1 if this ended the run, 0 if it had finished or is not there.
 */
export const endRunScript = createLuaScript(`${SHARED}
local last = top()
if last == nil or last.isFinished then return 0 end
local id = string.format('%d-%d', last.attempt, last.n + 1)
add(id, 'finished', id .. ' finished ' .. string.gsub(ARGV[2], '"id":"0%-0"', '"id":"' .. id .. '"', 1))
close(ARGV[1], 3)
return 1
`)

/**
 * ARGV: how many bytes may be printed in all, the bounds of all tenants and of one, the JSON of an event that says that no more is
 * taken, how many events there are, then of each its bytes, type and JSON, with the id \`0-0\`. Adds them after the last entry,
 * whatever that is. Returns \`ended\`, \`full\`, or nothing.
 */
export const printScript = createLuaScript(`${SHARED}
local last = top()
local tenant, printed = unpack(redis.call('HMGET', keptJob, '${KEPT_FIELDS.tenant}', '${KEPT_FIELDS.printed}'))
if last == nil or last.isFinished or not tenant then return 'ended' end
local limit, n = tonumber(ARGV[1]), last.n
printed = tonumber(printed) or 0
for at = 6, 3 + 3 * tonumber(ARGV[5]), 3 do
  if printed > limit then return 'full' end
  local bytes, eventType, json = unpack(ARGV, at, at + 2)
  if printed + bytes > limit then bytes, eventType, json = limit + 1 - printed, 'stderr', ARGV[4] end
  n = n + 1
  local id = string.format('%d-%d', last.attempt, n)
  local message = id .. ' ' .. eventType .. ' ' .. string.gsub(json, '"id":"0%-0"', '"id":"' .. id .. '"', 1)
  if makeRoom(tenant, #message + ${ENTRY_BYTES}, ARGV[2], ARGV[3], ${MEMORY_SHARE.log}) then return 'full' end
  add(id, eventType, message)
  printed = printed + bytes
  redis.call('HSET', keptJob, '${KEPT_FIELDS.printed}', string.format('%.0f', printed))
  redis.call('HINCRBY', keptJob, '${KEPT_FIELDS.output}', #message + ${ENTRY_BYTES})
  addKept(tenant, #message + ${ENTRY_BYTES})
end
return printed > limit and 'full' or nil
`)

/** Read only. KEYS: logs. Returns the id of the last entry of each, or '' if there is no log. */
export const endsScript = createLuaScript(`
local ends = {}
for at, log in ipairs(KEYS) do
  local last = redis.call('XREVRANGE', log, '+', '-', 'COUNT', 1)[1]
  ends[at] = last and last[1] or ''
end
return ends
`)

/**
 * Read only: a page of what an attempt printed. ARGV: where to start, the attempt, then 1 or 0 for stdout and for stderr:
 * whether it is wanted. Returns where the next page starts ('' after the last one), then the entries of the wanted streams.
 * A page ends after 512 events or 1 MiB of them, wanted or not, so Redis is busy for a few milliseconds at most.
 */
export const outputScript = createLuaScript(`${ENTRY}
local isWanted = { stdout = ARGV[3] == '1', stderr = ARGV[4] == '1' }
local from, found, entries, bytes = ARGV[1], { '' }, 0, 0
repeat
  local page = redis.call('XRANGE', KEYS[1], from, ARGV[2], 'COUNT', 8)
  for _, entry in ipairs(page) do
    bytes = bytes + #messageOf(entry)
    if isWanted[typeOf(entry)] then found[#found + 1] = entry end
  end
  if #page < 8 then return found end
  from = '(' .. page[8][1]
  entries = entries + 8
until entries >= 512 or bytes >= 1048576
found[1] = from
return found
`)

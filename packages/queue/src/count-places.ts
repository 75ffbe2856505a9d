/**
 * How many jobs all workers together run at once. Each worker says its own number every second; `share` has the sum.
 *
 * The places of a worker that died count for `keptMs`, until its jobs are back in the queue: so long they are admitted, too. If
 * they did not count, the other workers would get no jobs in that time.
 */
export const COUNT_PLACES_LUA = `
local function countPlaces(worker, own, keptMs)
  local time = redis.call('TIME')
  local now, sum = time[1] * 1000 + math.floor(time[2] / 1000), 0
  redis.call('HSET', places, worker, string.format('%.0f %.0f', own, now + keptMs))
  local all = redis.call('HGETALL', places)
  for at = 1, #all, 2 do
    local count, untilMs = string.match(all[at + 1], '^(%d+) (%d+)$')
    if count ~= '0' and tonumber(untilMs) > now then sum = sum + count else redis.call('HDEL', places, all[at]) end
  end
  redis.call('PEXPIRE', places, keptMs)
  if redis.call('HGET', share, 'places') ~= tostring(sum) then redis.call('HSET', share, 'places', sum) end
end
`

/**
 * Relies on: `wait` is a list, new jobs go in at its head, and workers take from its tail. A member '0' with the score 0 in
 * `marker` wakes a worker that is idle: idle workers block on that set.
 */
export const READY_LIST_LUA = `
local function pushReady(id)
  redis.call('LPUSH', wait, id)
  redis.call('ZADD', marker, 0, '0')
end

-- How many ready jobs are taken before this one; false if it is not ready.
local function jobsBefore(id)
  local fromTail = redis.call('LPOS', wait, id, 'RANK', -1)
  return fromTail and redis.call('LLEN', wait) - 1 - fromTail
end
`

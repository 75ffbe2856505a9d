import { JOB_FIELDS } from './job-record.ts'

/** How many of the latest jobs count, and how many of the running ones. */
const FINISHED_READ = 50
const RUNNING_READ = 200

/**
 * Relies on: `completed` is a sorted set with the time of the end as the score, and the record of a job says when it was
 * taken last and when it ended. `active` is a list of the jobs that workers have.
 */
export const JOB_TIMES_LUA = `
-- How many jobs run; for how many ms the latest jobs ran; since when the running ones do (ms since 1970); and the same for those of
-- this tenant.
local function readTimes(tenant)
  local finished, running, own = {}, {}, {}
  for _, id in ipairs(redis.call('ZREVRANGE', completed, 0, ${FINISHED_READ - 1})) do
    local at = redis.call('HMGET', jobKey(id), '${JOB_FIELDS.processedOn}', '${JOB_FIELDS.finishedOn}')
    if at[1] and at[2] then finished[#finished + 1] = at[2] - at[1] end
  end
  for _, id in ipairs(redis.call('LRANGE', active, 0, ${RUNNING_READ - 1})) do
    local job = redis.call('HMGET', jobKey(id), '${JOB_FIELDS.name}', '${JOB_FIELDS.processedOn}')
    if job[2] then running[#running + 1] = job[2] end
    if job[2] and job[1] == tenant then own[#own + 1] = job[2] end
  end
  return { redis.call('LLEN', active), finished, running, own }
end
`

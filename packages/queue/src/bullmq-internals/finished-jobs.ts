import { JOB_FIELDS } from './job-record.ts'

/** How many of the latest jobs count. */
const JOBS = 20

/**
 * Relies on: `completed` is a sorted set with the time of the end as the score, and the record of a job says when it was
 * taken last and when it ended. `active` is a list of the jobs that workers have.
 */
export const FINISHED_JOBS_LUA = `
-- Milliseconds for one place in the queue: the mean time of the latest jobs, divided by how many run now. '' if unknown.
local function pace()
  local sum, jobs = 0, 0
  for _, id in ipairs(redis.call('ZREVRANGE', completed, 0, ${JOBS - 1})) do
    local at = redis.call('HMGET', jobKey(id), '${JOB_FIELDS.processedOn}', '${JOB_FIELDS.finishedOn}')
    if at[1] and at[2] then sum, jobs = sum + at[2] - at[1], jobs + 1 end
  end
  local running = redis.call('LLEN', active)
  if jobs == 0 or running == 0 then return '' end
  return tostring(sum / jobs / running)
end
`

import type { JobPage } from '@runnel/contract'
import { type Backend, TENANT } from '../backend.ts'
import { toJob } from './read-job.ts'

/** One page of the history, newest first. A job whose log has expired is left out, so a page may be short and not be the last. */
export const listJobs = async (
  { history, subscriber }: Backend,
  page: { limit: number; cursor?: string | undefined },
): Promise<JobPage> => {
  const { limit, cursor } = page
  const { ids, next } = await history.list(TENANT, cursor === undefined ? { limit } : { limit, cursor })
  const jobs = await Promise.all(
    ids.map(async (id) => {
      const summary = await subscriber.summary(id)
      return summary === undefined ? [] : [toJob(id, summary)]
    }),
  )
  return { jobs: jobs.flat(), ...(next === undefined ? {} : { next }) }
}

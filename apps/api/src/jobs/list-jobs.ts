import type { JobPage } from '@runnel/contract/public'
import type { Backend } from '../backend.ts'
import { toJob } from './read-job.ts'

/** One page of a tenant's history, newest first. A job whose log has expired is left out, so a page may be short and not be the last. */
export const listJobs = async (
  { history, subscriber }: Backend,
  tenant: string,
  page: { limit: number; cursor?: string | undefined },
): Promise<JobPage> => {
  const { limit, cursor } = page
  const { ids, next } = await history.list(tenant, cursor === undefined ? { limit } : { limit, cursor })
  const jobs = await Promise.all(
    ids.map(async (id) => {
      const summary = await subscriber.summary(id)
      return summary === undefined ? [] : [toJob(id, summary)]
    }),
  )
  return { jobs: jobs.flat(), ...(next === undefined ? {} : { next }) }
}

import type { JobPage } from '@runnel/contract/public'
import type { OperationParts } from '../parts.ts'
import type { Requester } from '../requester.ts'
import { toJob } from './read-job.ts'

export interface PageRequest {
  readonly limit: number
  /** The `next` of the page before. */
  readonly cursor?: string | undefined
}

/** A page of a tenant's history, newest first. Jobs whose log has expired are left out, so any page may be short. */
export const listJobs = async (
  { history, subscriber }: OperationParts,
  { tenant }: Requester,
  { limit, cursor }: PageRequest,
): Promise<JobPage> => {
  const { ids, next } = await history.list(tenant.id, cursor === undefined ? { limit } : { limit, cursor })
  const jobs = await Promise.all(
    ids.map(async (id) => {
      const summary = await subscriber.summary(id)
      return summary === undefined ? [] : [toJob(id, summary)]
    }),
  )
  return { jobs: jobs.flat(), ...(next === undefined ? {} : { next }) }
}

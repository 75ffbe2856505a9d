import type { SiteOperations } from '@runnel/operations'
import type { SandboxRecord } from '@runnel/registry'
import { type Site, toSite } from './site.ts'

/** So much of all sites is kept in memory: files never change, and a page asks for many. */
const KEPT_BYTES = 64 * 1024 * 1024
/** What a site takes besides its files. */
const BASE_BYTES = 4_096

/** Reads sites, and keeps those that were asked for last. Undefined: Redis does not have it any more. */
export const createSiteStore = ({ readJob }: Pick<SiteOperations, 'readJob'>) => {
  const kept = new Map<string, Site>()
  let bytes = 0
  const sizeOf = ({ sizeBytes }: Site): number => sizeBytes + BASE_BYTES

  const keep = (jobId: string, site: Site): void => {
    const before = kept.get(jobId)
    if (before !== undefined) bytes -= sizeOf(before)
    // The one that was used last is the last one of the map.
    kept.delete(jobId)
    kept.set(jobId, site)
    bytes += sizeOf(site)
    for (const [id, one] of kept) {
      if (bytes <= KEPT_BYTES || id === jobId) return
      kept.delete(id)
      bytes -= sizeOf(one)
    }
  }

  return async (record: SandboxRecord): Promise<Site | undefined> => {
    const { jobId = '' } = record
    const known = kept.get(jobId)
    const job = known === undefined ? await readJob(record) : undefined
    const site = known ?? (job === undefined ? undefined : toSite(job))
    if (site !== undefined) keep(jobId, site)
    return site
  }
}

import type { Readable } from 'node:stream'
import type { ByteRange } from '@runnel/blobs'
import type { QueuedJob } from '@runnel/contract/internal'
import type { Printed } from '@runnel/output/site-log'
import type { SandboxRecord } from '@runnel/registry'
import type { OperationParts } from '../parts.ts'

export type { Printed }

/** A job that is a site, as far as its files are served. */
export type SiteJob = Pick<QueuedJob, 'id' | 'tenantId' | 'program' | 'storedFiles' | 'console' | 'limits'>

/** What it takes to serve sites. Who may see one was decided before. */
export interface SiteOperations {
  /** The job whose files it has. Undefined: Redis does not have it any more. */
  readJob(site: SandboxRecord): Promise<SiteJob | undefined>
  /** The bytes of an uploaded file. The caller reads them all, or destroys the stream. */
  openFile(job: SiteJob, fileId: string, range: ByteRange | undefined): Promise<Readable>
  /** It is used now, and so not idle. */
  touch(site: SandboxRecord): Promise<void>
  /** Adds what its pages print to the output of the job. False: no more is taken. */
  print(job: SiteJob, printed: readonly Printed[]): Promise<boolean>
}

export const createSiteOperations = (
  parts: Pick<OperationParts, 'programs' | 'files' | 'sites' | 'siteLog'>,
): SiteOperations => {
  const { programs, files, sites, siteLog } = parts
  return {
    readJob: async ({ jobId }) => (jobId === undefined ? undefined : programs.find(jobId)),
    openFile: ({ tenantId }, fileId, range) => files.open(tenantId, fileId, range),
    touch: (site) => sites.touch(site),
    print: async ({ id, limits }, printed) => (await siteLog.print(id, printed, limits.outputBytes)) === 'printed',
  }
}

import { type Outcome, type SandboxEnding, toOutcomeClass } from '@runnel/contract/public'
import type { SandboxRecord, Sites } from '@runnel/registry'
import { findEndCommands } from '../jobs/find-end-commands.ts'
import type { OperationParts } from '../parts.ts'

export interface EndSiteParts extends Pick<OperationParts, 'history' | 'siteLog' | 'recorder'> {
  readonly sites: Sites
}

/** Ends a site with its job. What has ended it first stays. */
export const endSite = async (
  parts: EndSiteParts,
  site: SandboxRecord,
  ending: SandboxEnding,
  outcome: Outcome = { type: 'sandbox-ended', ending },
): Promise<void> => {
  const { history, siteLog, sites, recorder } = parts
  const { jobId, startedAt, createdAt } = site
  // First, so that it is done again if this process dies here.
  if (jobId !== undefined) {
    const wallMs = Math.max(0, Date.now() - Date.parse(startedAt ?? createdAt))
    const usage = { wallMs, cpuMs: null, peakMemoryBytes: null }
    if (await siteLog.end(jobId, outcome, usage, await findEndCommands({ history }, jobId)))
      recorder.ended(toOutcomeClass(outcome), {})
  }
  await sites.end(site, ending)
}

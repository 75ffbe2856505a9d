export { ACCESS_TOKEN_TEXT, type AccessTokens, createAccessTokens } from './access-tokens.ts'
export { type BrowserRuns, createBrowserRuns } from './browser-runs.ts'
export { isFileSignature, type SignedUse, signFileUse } from './file-signature.ts'
export { createHistory, type History, type HistoryEntry, type HistoryPart } from './history.ts'
export { createJobIds, createSandboxIds, type JobIds } from './job-ids.ts'
export { type JobRecorder, type JobTimes, recordBy } from './job-recorder.ts'
export { KEY_TEXT, type KeyParts, readKeyText } from './key-text.ts'
export { createKeys, type FoundKey, isGood, type Keys } from './keys.ts'
export { createLeases, type Lease, type Leases, type LeaseToRenew } from './leases.ts'
export { createPreviewRequests, type PreviewRequests } from './preview-requests.ts'
export { checkPreview, type PreviewUse, signPreview } from './preview-signature.ts'
export { createPrograms, type Programs } from './programs.ts'
export { type SandboxChange, watchSandboxes } from './sandbox-changes.ts'
export {
  createSandboxRecords,
  type LivingSandbox,
  type SandboxPage,
  type SandboxQuery,
  type SandboxRecord,
  type SandboxRecords,
} from './sandbox-records.ts'
export { createSandboxStates, type SandboxStates } from './sandbox-states.ts'
export { readSessionText, type SessionParts } from './session-text.ts'
export { createSessions, type FoundSession, type KeptSession, type Sessions } from './sessions.ts'
export { createSites, type Sites } from './sites.ts'
export type { StatsQuery } from './stats-range.ts'
export { createStatsReader, type StatsReader } from './stats-reader.ts'
export { createStatsWriter, createWorkerStatsWriter, type StatsWriter } from './stats-writer.ts'
export { createTenantCount, type TenantCount } from './tenant-count.ts'
export { createTenants, type Tenants } from './tenants.ts'
export { createTickets, type Grant, type Tickets } from './tickets.ts'
export { createWorkerDirectory, type SandboxRoom, type WorkerCount, type WorkerDirectory } from './worker-directory.ts'
export { toWorker, type WorkerReport } from './worker-report.ts'

import { createHash } from 'node:crypto'
import { KEY_TABLE, type KeyFamilyName, QUEUE_NAME } from './key-table.ts'

export { QUEUE_NAME }

/**
 * The names of all keys and channels under a prefix. Every one comes from `KEY_TABLE`. The prefix should have a hash tag,
 * as `{runnel}` has: it keeps all keys in one slot of a Redis Cluster, so scripts may use several of them.
 */
export const createRedisKeys = (prefix: string) => {
  const name = (family: KeyFamilyName, ...values: string[]): string => {
    const left = values.values()
    return `${prefix}:${KEY_TABLE[family].pattern.replaceAll(/<\w+>/g, () => left.next().value ?? '')}`
  }
  return {
    events: (jobId: string) => name('events', jobId),
    eventsChannel: (jobId: string) => name('eventsChannel', jobId),
    control: (jobId: string) => name('control', jobId),
    stdin: (jobId: string) => name('stdin', jobId),
    controlChannel: name('controlChannel'),

    kept: name('kept'),
    /** With '' for the id: the common prefix, for scripts that find the id themselves. */
    keptJob: (jobId: string) => name('keptJob', jobId),
    keptFinished: name('keptFinished'),
    /** With '' for the id: the common prefix, for scripts that find the tenant themselves. */
    keptFinishedOf: (tenantId: string) => name('keptFinishedOf', tenantId),

    waiting: name('waiting'),
    admitted: name('admitted'),
    rotation: name('rotation'),
    bounds: name('bounds'),
    places: name('places'),
    share: name('share'),
    swept: name('swept'),
    submission: (tenantId: string, digest: string) => name('submission', tenantId, digest),

    /** With '' for the id: the common prefix, for scripts that find the id themselves. */
    queuedJob: (jobId: string) => name('queuedJob', jobId),
    jobLock: (jobId: string) => name('jobLock', jobId),
    wait: name('wait'),
    active: name('active'),
    delayed: name('delayed'),
    completed: name('completed'),
    failed: name('failed'),
    marker: name('marker'),
    jobNumber: name('jobNumber'),
    stalled: name('stalled'),
    stalledCheck: name('stalledCheck'),
    queueMeta: name('queueMeta'),
    queueEvents: name('queueEvents'),

    history: (tenantId: string) => name('history', tenantId),
    historyPart: (tenantId: string, language: string, ending: string) =>
      name('historyPart', tenantId, language, ending),
    jobRecord: (jobId: string) => name('jobRecord', jobId),
    /** With '' for the id: the common prefix, for scripts that find the id themselves. */
    program: (jobId: string) => name('program', jobId),
    runsOf: (sandboxId: string) => name('runsOf', sandboxId),
    sandboxRecord: (sandboxId: string) => name('sandboxRecord', sandboxId),
    sandboxes: name('sandboxes'),
    sites: name('sites'),
    sandboxesOf: (tenantId: string) => name('sandboxesOf', tenantId),
    previewRequests: (sandboxId: string) => name('previewRequests', sandboxId),
    lease: (sandboxId: string) => name('lease', sandboxId),
    sandboxChannel: name('sandboxChannel'),
    workers: name('workers'),
    readyWorkers: name('readyWorkers'),
    workerSandboxes: name('workerSandboxes'),
    drainedWorkers: name('drainedWorkers'),
    weakerIsolation: name('weakerIsolation'),
    /** With '' for the id: the common prefix, for scripts that find the id themselves. */
    workerReport: (workerId: string) => name('workerReport', workerId),
    drainChannel: name('drainChannel'),
    counts: name('counts'),
    countsBatch: (writerId: string) => name('countsBatch', writerId),
    /** With '' for the number: the common prefix, for the script that knows the time. */
    statsMinute: (number: number | '') => name('statsMinute', String(number)),
    statsHour: (number: number | '') => name('statsHour', String(number)),
    statsBatch: (writerId: string) => name('statsBatch', writerId),
    jobIdSecret: name('jobIdSecret'),
    accessTokenSecret: name('accessTokenSecret'),
    apiKeys: name('apiKeys'),
    keyUses: name('keyUses'),
    sessions: (keyId: string) => name('sessions', keyId),
    tenants: name('tenants'),
    accessChannel: name('accessChannel'),
    ticket: (digest: string) => name('ticket', digest),
    browserChannel: (tenantId: string, digest: string) => name('browserChannel', tenantId, digest),
    file: (fileId: string) => name('file', fileId),
    files: (tenantId: string) => name('files', tenantId),
    filesUsed: (tenantId: string) => name('filesUsed', tenantId),
    filesDue: name('filesDue'),
    filesChecked: name('filesChecked'),
    /** With '' for the caller: the common prefix, for the library that counts. */
    rate: (caller: string) => name('rate', caller),
  } satisfies Record<KeyFamilyName, unknown>
}

/** Any text as a valid part of a key: of an idempotency key, which the caller chooses. */
export const toDigest = (text: string): string => createHash('sha256').update(text).digest('hex')

export type RedisKeys = ReturnType<typeof createRedisKeys>

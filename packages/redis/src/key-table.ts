/** BullMQ's name of our queue. It is a part of each of BullMQ's keys. */
export const QUEUE_NAME = 'jobs'

export interface KeyFamily {
  /** What follows `<prefix>:`. A `<…>` stands for a value, see `VALUE_PATTERNS`. */
  readonly pattern: string
  readonly type: 'string' | 'hash' | 'list' | 'set' | 'zset' | 'stream' | 'channel'
  readonly holds: string
  readonly writers: string
  readonly readers: string
  readonly lifetime: string
  /**
   * Whether Redis itself removes the key. `always`: it has a time to live from its first write on. `once finished`: from
   * the end of its job on. `never`: our code or BullMQ removes it, or it stays. The tests check this for every key.
   */
  readonly expires: 'always' | 'once finished' | 'never'
  /** What bounds its size. */
  readonly bound: string
}

/** What may stand in place of a `<…>` in a pattern. */
export const VALUE_PATTERNS = {
  jobId: 'job_[0-9a-f]{32}',
  tenantId: '[a-z0-9][a-z0-9_-]{0,62}',
  digest: '[0-9a-f]{64}',
  keyId: '[0-9a-f]{16}',
  workerId: '[A-Za-z0-9_.-]{1,90}',
  number: '[0-9]+',
  writerId: '[0-9a-f]{16}',
  caller: '(?:tenant|address):.+',
  language: '[a-z0-9_-]{1,64}',
  ending: '[a-z-]{1,32}',
} as const

const API = 'API'
const WORKER = 'worker'
const API_AND_WORKER = 'API, worker'
const BULLMQ = 'BullMQ in the worker'
const QUEUE_SCRIPTS = 'scripts of packages/queue, in API and worker'
const PUBLISHED = { lifetime: 'not kept', expires: 'never', bound: 'not kept' } as const
const WAITING_BOUND = 'RUNNEL_MAX_QUEUED'
const RUNNING_BOUND = 'jobs that run: RUNNEL_CONCURRENCY of each worker'
const FINISHED_LIFETIME = 'RUNNEL_RETENTION_MS after the end; BullMQ removes it when a later job ends'
const FINISHED_BOUND = 'jobs that ended within RUNNEL_RETENTION_MS'
const HISTORY_LIFETIME =
  'RUNNEL_RETENTION_MS and 10 minutes after its last job was submitted or has ended; the entry of a job: the same after its submission'
const HISTORY_BOUND = 'jobs of the tenant within that time'
const FOREVER = { lifetime: 'stays', expires: 'never' } as const

/**
 * Every key and every channel that Runnel has in Redis. `docs/redis-keys.md` is generated from this table, and each test
 * that uses Redis fails if it leaves a key that is not in here, or one of another type.
 */
export const KEY_TABLE = {
  events: {
    pattern: 'events:<jobId>',
    type: 'stream',
    holds: 'The event log of a job: fields `type` and `message`. The ids of its entries are the ids of the events.',
    writers: API_AND_WORKER,
    readers: API,
    lifetime: 'until the job ends, then RUNNEL_RETENTION_MS; without output, or not at all, if Redis is full',
    expires: 'once finished',
    bound:
      "the job's limits.outputBytes for each attempt, a third more if the output is not UTF-8; all logs together: RUNNEL_MAX_KEPT_BYTES",
  },
  eventsChannel: {
    pattern: 'events:<jobId>',
    type: 'channel',
    holds: 'Each event when it is written, as `<id> <type> <JSON>`. The channel has the name of the log.',
    writers: API_AND_WORKER,
    readers: API,
    ...PUBLISHED,
  },
  control: {
    pattern: 'control:<jobId>',
    type: 'stream',
    holds: 'A cancel, signals and terminal sizes to a job.',
    writers: API,
    readers: WORKER,
    lifetime: 'until the job ends, at most RUNNEL_RETENTION_MS',
    expires: 'always',
    bound: 'about the last 1,000 messages',
  },
  stdin: {
    pattern: 'stdin:<jobId>',
    type: 'stream',
    holds: 'The input that an interactive job was sent, and its end.',
    writers: API,
    readers: WORKER,
    lifetime: 'until the job ends, at most RUNNEL_RETENTION_MS',
    expires: 'always',
    bound: '8 MiB; a message counts for at least 64 bytes',
  },
  controlChannel: {
    pattern: 'control',
    type: 'channel',
    holds: 'The id of a job that was sent a message.',
    writers: API,
    readers: WORKER,
    ...PUBLISHED,
  },

  kept: {
    pattern: 'kept',
    type: 'hash',
    holds:
      'How many bytes of jobs Redis keeps: of all (`all`) and of each tenant (`tenant <id>`). How full Redis was at the last look.',
    writers: API_AND_WORKER,
    readers: API_AND_WORKER,
    ...FOREVER,
    bound: 'tenants with kept jobs',
  },
  keptJob: {
    pattern: 'kept:<jobId>',
    type: 'hash',
    holds: 'How many bytes of a job Redis keeps: `output`, `stdin` and `rest`; and its tenant.',
    writers: API_AND_WORKER,
    readers: API_AND_WORKER,
    lifetime: 'until the job ends',
    expires: 'never',
    bound: 'four fields',
  },
  keptFinished: {
    pattern: 'kept:finished',
    type: 'zset',
    holds:
      'The finished jobs with their bytes, in the order in which they are dropped when Redis is full: oldest first, those without output last.',
    writers: API_AND_WORKER,
    readers: API_AND_WORKER,
    lifetime: 'while there are finished jobs; an expired one goes when a later job is submitted or ends',
    expires: 'never',
    bound: FINISHED_BOUND,
  },
  keptFinishedOf: {
    pattern: 'kept:finished:<tenantId>',
    type: 'zset',
    holds: 'The same, of one tenant.',
    writers: API_AND_WORKER,
    readers: API_AND_WORKER,
    lifetime: 'the same',
    expires: 'never',
    bound: FINISHED_BOUND,
  },

  waiting: {
    pattern: 'waiting',
    type: 'zset',
    holds: 'Jobs whose turn has not come, by tenant.',
    writers: QUEUE_SCRIPTS,
    readers: QUEUE_SCRIPTS,
    lifetime: 'while jobs wait',
    expires: 'never',
    bound: WAITING_BOUND,
  },
  admitted: {
    pattern: 'admitted',
    type: 'zset',
    holds: 'Jobs that BullMQ has and that have not ended, by tenant.',
    writers: QUEUE_SCRIPTS,
    readers: QUEUE_SCRIPTS,
    lifetime: 'while jobs are ready or run',
    expires: 'never',
    bound: 'jobs that run, are ready (4) or wait for another try',
  },
  rotation: {
    pattern: 'rotation',
    type: 'zset',
    holds: 'Whose turn is next: tenants that have waiting jobs and may run more.',
    writers: QUEUE_SCRIPTS,
    readers: QUEUE_SCRIPTS,
    lifetime: 'while jobs wait',
    expires: 'never',
    bound: 'tenants with waiting jobs',
  },
  bounds: {
    pattern: 'bounds',
    type: 'hash',
    holds: 'How many jobs of a tenant may run at once.',
    writers: QUEUE_SCRIPTS,
    readers: QUEUE_SCRIPTS,
    lifetime: 'until the first sweep after the last job of the tenant',
    expires: 'never',
    bound: 'tenants with jobs',
  },
  places: {
    pattern: 'places',
    type: 'hash',
    holds: 'How many jobs each worker runs at once, and until when that counts (ms since 1970).',
    writers: WORKER,
    readers: WORKER,
    lifetime: '25 s after the last worker was seen',
    expires: 'always',
    bound: 'workers',
  },
  share: {
    pattern: 'share',
    type: 'hash',
    holds: 'How many jobs all workers together run at once, and how many tenants may submit.',
    writers: QUEUE_SCRIPTS,
    readers: QUEUE_SCRIPTS,
    ...FOREVER,
    bound: 'two numbers',
  },
  swept: {
    pattern: 'swept',
    type: 'string',
    holds: 'That some worker has swept the queue just now.',
    writers: WORKER,
    readers: WORKER,
    lifetime: '5 s',
    expires: 'always',
    bound: 'one value',
  },
  submission: {
    pattern: 'submission:<tenantId>:<digest>',
    type: 'hash',
    holds: 'The job that was submitted with an Idempotency-Key. The digest is the SHA-256 of that key.',
    writers: API,
    readers: API,
    lifetime: 'RUNNEL_RETENTION_MS',
    expires: 'always',
    bound: 'two fields',
  },

  queuedJob: {
    pattern: `${QUEUE_NAME}:<jobId>`,
    type: 'hash',
    holds: "BullMQ's record of a job, with the whole submission. `GET /v1/jobs/:id/program` reads it.",
    writers: `API, ${BULLMQ}`,
    readers: API_AND_WORKER,
    lifetime: `${FINISHED_LIFETIME}. Redis removes that of a job which ended while it waited`,
    expires: 'never',
    bound: '1 MiB of files, 1 MiB of stdin, 64 KiB of args and env',
  },
  jobLock: {
    pattern: `${QUEUE_NAME}:<jobId>:lock`,
    type: 'string',
    holds: 'The token of the worker that runs the job.',
    writers: BULLMQ,
    readers: API_AND_WORKER,
    lifetime: '20 s after its last renewal, at most until the job ends',
    expires: 'always',
    bound: 'one value',
  },
  wait: {
    pattern: `${QUEUE_NAME}:wait`,
    type: 'list',
    holds: 'Jobs that are ready: the next ones that workers take.',
    writers: `${QUEUE_SCRIPTS}; BullMQ`,
    readers: API_AND_WORKER,
    lifetime: 'while jobs are ready',
    expires: 'never',
    bound: '4, and jobs that were requeued or lost by a worker',
  },
  active: {
    pattern: `${QUEUE_NAME}:active`,
    type: 'list',
    holds: 'Jobs that workers have.',
    writers: BULLMQ,
    readers: API_AND_WORKER,
    lifetime: 'while jobs run',
    expires: 'never',
    bound: RUNNING_BOUND,
  },
  delayed: {
    pattern: `${QUEUE_NAME}:delayed`,
    type: 'zset',
    holds: 'Jobs that wait for another try, after our own failure.',
    writers: BULLMQ,
    readers: API_AND_WORKER,
    lifetime: 'seconds',
    expires: 'never',
    bound: 'jobs that our own failures stopped',
  },
  completed: {
    pattern: `${QUEUE_NAME}:completed`,
    type: 'zset',
    holds: 'Jobs that ended, by time.',
    writers: BULLMQ,
    readers: `API (pace of the queue), ${BULLMQ}`,
    lifetime: FINISHED_LIFETIME,
    expires: 'never',
    bound: FINISHED_BOUND,
  },
  failed: {
    pattern: `${QUEUE_NAME}:failed`,
    type: 'zset',
    holds: 'Jobs that no try could handle, by time.',
    writers: BULLMQ,
    readers: BULLMQ,
    lifetime: FINISHED_LIFETIME,
    expires: 'never',
    bound: FINISHED_BOUND,
  },
  marker: {
    pattern: `${QUEUE_NAME}:marker`,
    type: 'zset',
    holds: 'That there is a job to take; idle workers block on it.',
    writers: `${QUEUE_SCRIPTS}; BullMQ`,
    readers: BULLMQ,
    lifetime: 'until a worker has taken it',
    expires: 'never',
    bound: 'two members',
  },
  jobNumber: {
    pattern: `${QUEUE_NAME}:id`,
    type: 'string',
    holds: 'The number of the last job that had to wait for its turn.',
    writers: QUEUE_SCRIPTS,
    readers: QUEUE_SCRIPTS,
    ...FOREVER,
    bound: 'one number',
  },
  stalled: {
    pattern: `${QUEUE_NAME}:stalled`,
    type: 'set',
    holds: 'Jobs whose locks the next check looks at.',
    writers: BULLMQ,
    readers: BULLMQ,
    lifetime: 'while jobs run',
    expires: 'never',
    bound: RUNNING_BOUND,
  },
  stalledCheck: {
    pattern: `${QUEUE_NAME}:stalled-check`,
    type: 'string',
    holds: 'That some worker has checked the locks just now.',
    writers: BULLMQ,
    readers: BULLMQ,
    lifetime: '2.5 s',
    expires: 'always',
    bound: 'one value',
  },
  queueMeta: {
    pattern: `${QUEUE_NAME}:meta`,
    type: 'hash',
    holds: "BullMQ's settings of the queue.",
    writers: BULLMQ,
    readers: BULLMQ,
    ...FOREVER,
    bound: 'a few fields',
  },
  queueEvents: {
    pattern: `${QUEUE_NAME}:events`,
    type: 'stream',
    holds: "BullMQ's own events. Nothing reads them.",
    writers: BULLMQ,
    readers: 'none',
    ...FOREVER,
    bound: 'about 10,000 entries',
  },

  history: {
    pattern: 'history:<tenantId>',
    type: 'zset',
    holds: 'The ids of the jobs of a tenant that have ended, by the time of their submission.',
    writers: API_AND_WORKER,
    readers: API,
    lifetime: HISTORY_LIFETIME,
    expires: 'always',
    bound: HISTORY_BOUND,
  },
  historyPart: {
    pattern: 'history:<tenantId>:<language>:<ending>',
    type: 'zset',
    holds:
      'The same, of the jobs of one language that ended in one way (`succeeded`, `failed`, `timed-out`, …), or have not ended (`unfinished`).',
    writers: API_AND_WORKER,
    readers: API,
    lifetime: HISTORY_LIFETIME,
    expires: 'always',
    bound: HISTORY_BOUND,
  },
  jobRecord: {
    pattern: 'record:<jobId>',
    type: 'string',
    holds:
      'What lists show of a job: first line, language, key, limits and times, and its end when it has ended. JSON.',
    writers: API_AND_WORKER,
    readers: API_AND_WORKER,
    lifetime:
      'RUNNEL_RETENTION_MS after the end. Until then RUNNEL_RETENTION_MS and 10 minutes after the submission; it is written again at the end',
    expires: 'always',
    bound: 'the first line has 200 characters at most; usually some 350 bytes',
  },
  workers: {
    pattern: 'workers',
    type: 'zset',
    holds: 'When each worker was last seen.',
    writers: WORKER,
    readers: API_AND_WORKER,
    lifetime: '24 hours after the last worker was seen',
    expires: 'always',
    bound: 'workers of the last 24 hours',
  },
  readyWorkers: {
    pattern: 'workers:ready',
    type: 'zset',
    holds: 'When each worker that takes jobs was last seen.',
    writers: WORKER,
    readers: API,
    lifetime: '15 s after the last one was seen',
    expires: 'always',
    bound: 'workers',
  },
  drainedWorkers: {
    pattern: 'workers:drained',
    type: 'zset',
    holds: 'Workers that an operator has drained, and when each was last seen.',
    writers: API_AND_WORKER,
    readers: API_AND_WORKER,
    lifetime: 'until the worker is resumed or stops, at most 24 hours after it was last seen',
    expires: 'always',
    bound: 'workers of the last 24 hours',
  },
  workerReport: {
    pattern: 'worker:<workerId>',
    type: 'string',
    holds: 'What a worker says about itself: host, version, jobs, ready sandboxes, why it takes no jobs.',
    writers: WORKER,
    readers: API,
    lifetime: 'until the worker stops, at most 1 hour after it was last seen',
    expires: 'always',
    bound: 'some 300 bytes',
  },
  drainChannel: {
    pattern: 'drain',
    type: 'channel',
    holds: 'The id of a worker that was drained or resumed.',
    writers: API,
    readers: WORKER,
    ...PUBLISHED,
  },
  statsMinute: {
    pattern: 'stats:minute:<number>',
    type: 'hash',
    holds:
      'What was counted in one minute: jobs accepted, refused and ended, durations, size of the queue. The number is that of minutes since 1970.',
    writers: API_AND_WORKER,
    readers: API,
    lifetime: '25 hours after its last change',
    expires: 'always',
    bound: 'some 150 fields',
  },
  statsHour: {
    pattern: 'stats:hour:<number>',
    type: 'hash',
    holds: 'The same for one hour.',
    writers: API_AND_WORKER,
    readers: API,
    lifetime: '30 days and 1 hour after its last change',
    expires: 'always',
    bound: 'some 150 fields',
  },
  statsBatch: {
    pattern: 'stats:batch:<writerId>',
    type: 'string',
    holds: 'The number of the last batch that a process has added, so that none is added twice.',
    writers: API_AND_WORKER,
    readers: API_AND_WORKER,
    lifetime: '1 hour after its last change',
    expires: 'always',
    bound: 'one number',
  },
  apiKeys: {
    pattern: 'keys',
    type: 'hash',
    holds: 'Every API key ever made, with the SHA-256 of its secret.',
    writers: 'API, `npm run keys`',
    readers: 'API, `npm run keys`',
    ...FOREVER,
    bound: 'keys ever made, some 300 bytes each',
  },
  keyUses: {
    pattern: 'keys:used',
    type: 'hash',
    holds: 'When each API key was last used.',
    writers: 'API, at most once a minute for each key',
    readers: 'API, `npm run keys`',
    ...FOREVER,
    bound: 'keys ever made',
  },
  sessions: {
    pattern: 'sessions:<keyId>',
    type: 'hash',
    holds: 'The browsers that are signed in with a key: for each, the SHA-256 of its secret, device and times.',
    writers: API,
    readers: API,
    lifetime: 'RUNNEL_SESSION_LIFETIME_MS after the last sign-in, or until the key is revoked',
    expires: 'always',
    bound: '100 sessions, some 300 bytes each',
  },
  tenants: {
    pattern: 'tenants',
    type: 'hash',
    holds: 'The limits of tenants that have limits of their own.',
    writers: 'API, `npm run keys`',
    readers: 'API, `npm run keys`',
    ...FOREVER,
    bound: 'tenants with limits of their own',
  },
  accessChannel: {
    pattern: 'access',
    type: 'channel',
    holds: 'The id of a key, of a tenant or of a session that was changed.',
    writers: 'API, `npm run keys`',
    readers: API,
    ...PUBLISHED,
  },
  ticket: {
    pattern: 'ticket:<digest>',
    type: 'string',
    holds: 'What a ticket allows. The digest is the SHA-256 of the ticket.',
    writers: API,
    readers: API,
    lifetime: 'until its first use, at most its expiresInMs',
    expires: 'always',
    bound: '64 job ids',
  },
  browserChannel: {
    pattern: 'browser:<tenantId>:<digest>',
    type: 'channel',
    holds:
      'The id of a job that a browser has started with POST /execute, for its socket.io sockets. The digest is the SHA-256 of the cookie `runnel_browser`.',
    writers: API,
    readers: API,
    ...PUBLISHED,
  },
  rate: {
    pattern: 'rate:<caller>',
    type: 'string',
    holds: 'How many requests of a tenant, or of an address without a valid key, were counted.',
    writers: API,
    readers: API,
    lifetime: '1 minute after the first request counted',
    expires: 'always',
    bound: 'one number',
  },
} as const satisfies Readonly<Record<string, KeyFamily>>

export type KeyFamilyName = keyof typeof KEY_TABLE

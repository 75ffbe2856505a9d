import { api } from './api.ts'
import { compose } from './compose.ts'
import { limits } from './limits.ts'
import { sandboxLimits } from './sandbox-limits.ts'
import { serveLimits } from './serve-limits.ts'
import { files, images, jobs, log, redis, store } from './shared.ts'
import { browserTests, fuzz, soak } from './tests.ts'
import { dockerProxy, worker } from './worker.ts'

/**
 * Every setting, in the order of docs/configuration.md. Nothing reads an environment variable that is not here,
 * except those of Docker's client, of Docker Compose and of the shell.
 */
export const SETTING_GROUPS = {
  Redis: redis,
  Log: log,
  'Jobs: the API and the workers need the same': jobs,
  'What Redis keeps: the API and the workers need the same': store,
  'Files: the API and the workers need the same': files,
  API: api,
  'Limits of a job': limits,
  'Limits of a sandbox': { ...sandboxLimits, ...serveLimits },
  Workers: worker,
  Images: images,
  'Docker proxy': dockerProxy,
  'Docker Compose': compose,
  Tests: { ...fuzz, ...soak, ...browserTests },
}

/** Which process reads which settings. Each app takes its schema from here. */
export const SETTINGS = {
  api: { ...redis, ...log, ...jobs, ...store, ...files, ...api, ...limits, ...sandboxLimits, ...serveLimits },
  worker: { ...redis, ...log, ...jobs, ...store, ...files, ...images, ...worker },
  'docker-proxy': {
    ...log,
    ...images,
    ...dockerProxy,
    RUNNEL_CPUS: worker.RUNNEL_CPUS,
    RUNNEL_MAX_MEMORY_BYTES: limits.RUNNEL_MAX_MEMORY_BYTES,
    RUNNEL_MAX_PROCESSES: limits.RUNNEL_MAX_PROCESSES,
    RUNNEL_MAX_DISK_BYTES: limits.RUNNEL_MAX_DISK_BYTES,
    RUNNEL_MAX_SANDBOX_MEMORY_BYTES: sandboxLimits.RUNNEL_MAX_SANDBOX_MEMORY_BYTES,
    RUNNEL_MAX_SANDBOX_PROCESSES: sandboxLimits.RUNNEL_MAX_SANDBOX_PROCESSES,
    RUNNEL_MAX_SANDBOX_DISK_BYTES: sandboxLimits.RUNNEL_MAX_SANDBOX_DISK_BYTES,
  },
  keys: redis,
  /** These two read their variables themselves: a shell or Docker Compose does it. */
  'npm start': {
    REDIS_URL: redis.REDIS_URL,
    RUNNEL_SHUTDOWN_GRACE_MS: worker.RUNNEL_SHUTDOWN_GRACE_MS,
  },
  compose: { ...images, ...store, ...compose, RUNNEL_API_ORIGINS: api.RUNNEL_API_ORIGINS },
  fuzz,
  soak,
  'browser tests': browserTests,
}

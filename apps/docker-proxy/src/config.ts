import { LIMITS, SANDBOX_LIMITS } from '@runnel/contract/public'
import { SETTINGS } from '@runnel/process'
import { z } from 'zod'

type Size = 'memoryBytes' | 'processes' | 'diskBytes'

/** What a job or a lasting sandbox may have. Ready ones have our own defaults, also where nobody may ask for as much. */
const toMaximum = (
  name: Size,
  ofJob: number = LIMITS[name].maximum,
  ofSandbox: number = SANDBOX_LIMITS[name].maximum,
): number => Math.max(ofJob, LIMITS[name].default, ofSandbox, SANDBOX_LIMITS[name].default)

/** The settings of the Docker proxy, by the names that its parts give them. */
export const configSchema = z.object(SETTINGS['docker-proxy']).transform((given) => ({
  logLevel: given.RUNNEL_LOG_LEVEL,
  socketPath: given.RUNNEL_PROXY_SOCKET,
  engineSocketPath: given.RUNNEL_ENGINE_SOCKET,
  imagePrefix: given.RUNNEL_IMAGE_PREFIX,
  runtime: given.RUNNEL_RUNTIME,
  maximumContainers: given.RUNNEL_PROXY_CONTAINERS,
  maximum: {
    memoryBytes: toMaximum('memoryBytes', given.RUNNEL_MAX_MEMORY_BYTES, given.RUNNEL_MAX_SANDBOX_MEMORY_BYTES),
    processes: toMaximum('processes', given.RUNNEL_MAX_PROCESSES, given.RUNNEL_MAX_SANDBOX_PROCESSES),
    diskBytes: toMaximum('diskBytes', given.RUNNEL_MAX_DISK_BYTES, given.RUNNEL_MAX_SANDBOX_DISK_BYTES),
    cpus: given.RUNNEL_CPUS,
  },
}))

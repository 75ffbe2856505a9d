import { LIMITS, type LimitName } from '@runnel/contract/public'
import { SETTINGS } from '@runnel/process'
import { z } from 'zod'

/** Ready sandboxes have our own defaults, also where no job may ask for as much. */
const atLeastReady = (name: LimitName, maximum: number = LIMITS[name].maximum): number =>
  Math.max(maximum, LIMITS[name].default)

/** The settings of the Docker proxy, by the names that its parts give them. */
export const configSchema = z.object(SETTINGS['docker-proxy']).transform((given) => ({
  logLevel: given.RUNNEL_LOG_LEVEL,
  socketPath: given.RUNNEL_PROXY_SOCKET,
  engineSocketPath: given.RUNNEL_ENGINE_SOCKET,
  imagePrefix: given.RUNNEL_IMAGE_PREFIX,
  runtime: given.RUNNEL_RUNTIME,
  maximumContainers: given.RUNNEL_PROXY_CONTAINERS,
  maximum: {
    memoryBytes: atLeastReady('memoryBytes', given.RUNNEL_MAX_MEMORY_BYTES),
    processes: atLeastReady('processes', given.RUNNEL_MAX_PROCESSES),
    diskBytes: atLeastReady('diskBytes', given.RUNNEL_MAX_DISK_BYTES),
    cpus: given.RUNNEL_CPUS,
  },
}))

import { commonConfig } from '@runnel/process'
import { z } from 'zod'

/** What the proxy reads from its environment; everything has a default. */
export const configSchema = z
  .object({
    RUNNEL_LOG_LEVEL: commonConfig.RUNNEL_LOG_LEVEL,
    /** Where workers find it: their DOCKER_HOST is this with `unix://` before it. */
    RUNNEL_PROXY_SOCKET: z.string().default('/run/runnel/docker.sock'),
    /** The engine's own. */
    RUNNEL_ENGINE_SOCKET: z.string().default('/var/run/docker.sock'),
    /** The same as the workers have. */
    RUNNEL_IMAGE_PREFIX: z.string().default('runnel/'),
    /** The same as the workers have. */
    RUNNEL_RUNTIME: z.string().optional(),
  })
  .transform((given) => ({
    logLevel: given.RUNNEL_LOG_LEVEL,
    socketPath: given.RUNNEL_PROXY_SOCKET,
    engineSocketPath: given.RUNNEL_ENGINE_SOCKET,
    imagePrefix: given.RUNNEL_IMAGE_PREFIX,
    runtime: given.RUNNEL_RUNTIME,
  }))

import { SETTINGS } from '@runnel/process'
import { z } from 'zod'

/** The settings of the Docker proxy, by the names that its parts give them. */
export const configSchema = z.object(SETTINGS['docker-proxy']).transform((given) => ({
  logLevel: given.RUNNEL_LOG_LEVEL,
  socketPath: given.RUNNEL_PROXY_SOCKET,
  engineSocketPath: given.RUNNEL_ENGINE_SOCKET,
  imagePrefix: given.RUNNEL_IMAGE_PREFIX,
  runtime: given.RUNNEL_RUNTIME,
}))

import { StartError } from '@runnel/process'
import type { Redis } from '@runnel/redis'
import type { Keys } from '@runnel/registry'
import type { PreviewDomain } from './previews/preview-domain.ts'
import { isSameSite, sameSite } from './previews/same-site.ts'

/** If Redis starts together with the API, it is ready within this time. */
const REDIS_WITHIN_MS = 5_000

const isReadyInTime = async (redis: Redis): Promise<boolean> => {
  if (redis.status === 'ready') return true
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const onReady = (): void => resolve(true)
  const timer = setTimeout(() => resolve(false), REDIS_WITHIN_MS)
  redis.once('ready', onReady)
  const isReady = await promise
  clearTimeout(timer)
  redis.off('ready', onReady)
  return isReady
}

/** A server that others can reach needs a key before it listens. */
export const requireKeys = async (redis: Redis, keys: Keys, host: string): Promise<void> => {
  const refusal = `RUNNEL_API_HOST: cannot listen on ${host} without a key, since anyone who reaches the port can run code`
  if (!(await isReadyInTime(redis))) {
    throw new StartError(`${refusal}; whether there is one cannot be seen, as Redis cannot be reached`)
  }
  if (await keys.exist()) return
  throw new StartError(
    `${refusal}: make one with \`npm run keys -- create --tenant default --scopes submit,read\`, or listen on a loopback address such as 127.0.0.1`,
  )
}

/** Programs in sandboxes must not share a site with the API, or with pages that use it. */
export const requireOtherSite = (settings: {
  readonly host: string
  readonly origins: readonly string[]
  readonly previewDomain: PreviewDomain
}): void => {
  const hosts = [settings.host, ...settings.origins.map((origin) => new URL(origin).hostname)]
  const shared = hosts.find((host) => isSameSite(settings.previewDomain, host))
  if (shared !== undefined) throw new StartError(sameSite(settings.previewDomain, shared))
}

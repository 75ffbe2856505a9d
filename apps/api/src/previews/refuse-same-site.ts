import { RequestError } from '@runnel/contract/public'
import type { FastifyInstance } from 'fastify'
import type { PreviewDomain } from './preview-domain.ts'
import { toHostName } from './preview-host.ts'
import { isSameSite, sameSite } from './same-site.ts'

/**
 * The start checks the hosts that the settings name. This checks the one that a request names: nobody uses the API for a day at a host
 * that previews endanger.
 */
export const refuseSameSite = (app: FastifyInstance, domain: PreviewDomain): void => {
  let last = ''
  let isRefused = false
  app.addHook('onRequest', async ({ headers: { host = '' } }) => {
    if (host !== last) {
      isRefused = isSameSite(domain, toHostName(host))
      last = host
    }
    if (isRefused) throw new RequestError('forbidden', sameSite(domain, toHostName(host)))
  })
}

import { getDomain } from 'tldts'
import { isLocal, type PreviewDomain } from './preview-domain.ts'

/** What browsers take for one site, by the public suffix list. An address is a site by itself. */
const siteOf = (host: string): string => getDomain(host, { allowPrivateDomains: true }) ?? host

/**
 * Whether a page on this host is of the same site as previews. Then a hostile program could set cookies for it, and a browser would
 * send its cookies with the requests of that program's page. Below `localhost`, each name is a site of its own.
 */
export const isSameSite = (domain: PreviewDomain, host: string): boolean =>
  !isLocal(domain) && siteOf(`preview.${domain.host}`) === siteOf(host)

export const sameSite = (domain: PreviewDomain, host: string): string =>
  `RUNNEL_PREVIEW_DOMAIN: ${domain.host} is of the same site as ${host}, so a program in a sandbox could set cookies for it; give previews a domain of their own, or one that is on the public suffix list`

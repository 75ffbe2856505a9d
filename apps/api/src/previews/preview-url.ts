import type { FastifyRequest } from 'fastify'
import { isLocal, type PreviewDomain } from './preview-domain.ts'
import type { PreviewAddress } from './preview-host.ts'

/** How the API was asked: previews are given out with the same scheme and port. */
export interface Asked {
  readonly isSecure: boolean
  readonly host: string | undefined
}

/** A proxy that ends TLS may not be named in our settings. The page's origin shows HTTPS then. */
export const askedBy = ({ protocol, headers }: FastifyRequest): Asked => ({
  isSecure: protocol === 'https' || headers.origin?.startsWith('https:') === true,
  host: headers.host,
})

/** `https://8000-sbx-….<domain>`, without a slash at its end. */
export const toPreviewOrigin = (domain: PreviewDomain, asked: Asked, { sandboxId, port }: PreviewAddress): string => {
  const ownPort = domain.port ?? /:(\d{1,5})$/.exec(asked.host ?? '')?.[1]
  const suffix = ownPort === undefined ? '' : `:${ownPort}`
  return `${asked.isSecure ? 'https' : 'http'}://${port}-${sandboxId}.${domain.host}${suffix}`
}

/** Over plain HTTP a browser keeps the cookie of a private preview only on its own machine. */
export const canKeepCookie = (domain: PreviewDomain, isSecure: boolean): boolean => isSecure || isLocal(domain)

export const NEEDS_HTTPS =
  'A private preview needs HTTPS, because browsers send its cookie back over nothing else: put a proxy that ends TLS before the API and name it in RUNNEL_API_TRUSTED_PROXIES, or make the sandbox public'

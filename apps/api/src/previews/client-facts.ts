import type { IncomingMessage } from 'node:http'
import { BlockList, isIPv6 } from 'node:net'
import { isLocal, type PreviewDomain } from './preview-domain.ts'

/** What is known of the sender of a request, with and without proxies on the way. */
export interface ClientFacts {
  /** It came over HTTPS. */
  readonly isSecure: boolean
  /** For `X-Forwarded-For`: the address of the client, and of proxies that we trust. */
  readonly forwardedFor: string
}

const familyOf = (address: string): 'ipv4' | 'ipv6' => (isIPv6(address) ? 'ipv6' : 'ipv4')

/** An IPv4 address as a socket for both families shows it. */
const toPlain = (address: string): string => address.replace(/^::ffff:(?=\d+\.)/, '')

/**
 * What proxies say counts only from those that are named (RUNNEL_API_TRUSTED_PROXIES). A browser itself says one thing: it sends
 * `Sec-Fetch-…` only to origins that it trusts, which is HTTPS, or its own machine. A program that claims so deceives only itself.
 */
export const createClientFacts = (trustedProxies: readonly string[], domain: PreviewDomain) => {
  const trusted = new BlockList()
  for (const network of trustedProxies) {
    const [address = '', bits] = network.split('/')
    if (bits === undefined) trusted.addAddress(address, familyOf(address))
    else trusted.addSubnet(address, Number(bits), familyOf(address))
  }
  return ({ headers, socket }: IncomingMessage): ClientFacts => {
    const address = toPlain(socket.remoteAddress ?? '')
    const isTrusted = address !== '' && trusted.check(address, familyOf(address))
    const earlier = isTrusted ? [headers['x-forwarded-for'] ?? []].flat() : []
    const protocol = isTrusted ? [headers['x-forwarded-proto'] ?? []].flat()[0]?.split(',')[0]?.trim() : undefined
    const isTrustworthy = headers['sec-fetch-site'] !== undefined && !isLocal(domain)
    return {
      isSecure: protocol === undefined ? isTrustworthy : protocol === 'https',
      forwardedFor: [...earlier, address].join(', '),
    }
  }
}

import { isIP } from 'node:net'

/** What stands for all addresses of a host does not lead to it from another one. */
const ALL_ADDRESSES: ReadonlySet<string> = new Set(['0.0.0.0', '::'])

/** Where APIs reach a gateway that listens there, unless a setting says so. In Docker Compose, a container's name is its id. */
export const toGatewayUrl = (
  { host, port }: { readonly host: string; readonly port: number },
  hostName: string,
  isTls: boolean,
): string => {
  const name = ALL_ADDRESSES.has(host) ? hostName : host
  return `${isTls ? 'https' : 'http'}://${isIP(name) === 6 ? `[${name}]` : name}:${port}`
}

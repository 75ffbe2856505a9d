import { isIP } from 'node:net'

/** Where to listen. Port 0 takes a free one. */
export interface ListenAddress {
  readonly host: string
  readonly port: number
}

const HOST_NAME = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/i

/** Reads `host:port` or `[IPv6]:port`; undefined if it is neither. */
export const readListenAddress = (text: string): ListenAddress | undefined => {
  const [, inBrackets, plain, digits] = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text) ?? []
  const host = inBrackets ?? plain ?? ''
  const port = Number(digits)
  const isHost = inBrackets === undefined ? HOST_NAME.test(host) : isIP(host) === 6
  return isHost && port <= 65_535 ? { host, port } : undefined
}

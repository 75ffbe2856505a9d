import type { IncomingMessage } from 'node:http'
import { toHostName } from './preview-host.ts'

const hostOf = (origin: string): string | undefined => (URL.canParse(origin) ? new URL(origin).host : undefined)

/**
 * Whether a request that a browser sent with its cookie is meant by the person at it: a visit, or sent by the preview's own pages. Other
 * pages, those of other previews most of all, may link to it and frame it, and nothing else.
 */
export const isByOwnPage = ({ headers, method }: IncomingMessage, isUpgrade: boolean): boolean => {
  const { host = '', origin, 'sec-fetch-site': site, 'sec-fetch-mode': mode } = headers
  if (origin !== undefined) {
    const from = hostOf(origin)
    return from !== undefined && (from === host || toHostName(from) === toHostName(host))
  }
  if (isUpgrade) return false
  if (site === undefined || site === 'same-origin' || site === 'none') return true
  return mode === 'navigate' && (method === 'GET' || method === 'HEAD')
}

import { isLocal, type PreviewDomain } from './preview-domain.ts'

/**
 * Which pages may show a preview in a frame: it itself, and those that the operator named. Without any, the API's own page on this
 * machine: a preview below `localhost` is asked at the API's port.
 */
export const createFramePolicy = (domain: PreviewDomain, ancestors: readonly string[] | undefined) => {
  const named = ancestors?.join(' ')
  return (host: string): string => {
    const port = /:\d{1,5}$/.exec(host)?.[0] ?? ''
    const own = ['localhost', '127.0.0.1'].map((name) => `http://${name}${port}`).join(' ')
    return `frame-ancestors 'self' ${named ?? (isLocal(domain) ? own : '')}`.trimEnd()
  }
}

import type { PreviewDomain } from '../previews/preview-domain.ts'

/**
 * What the page may load and run: files of this server, and nothing that stands in a document. Styles are the exception, because
 * xterm and CodeMirror insert `<style>` elements. A WebSocket of the same host counts as 'self'. Frames are previews,
 * which have origins of their own.
 */
const toPolicy = ({ host }: PreviewDomain): string =>
  [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "font-src 'self'",
    "connect-src 'self'",
    "worker-src 'self'",
    "manifest-src 'self'",
    `frame-src *.${host}:*`,
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ')

/** Asked for anew each time: it names the files of the newest build. */
export const toPageHeaders = (domain: PreviewDomain) => ({
  'content-security-policy': toPolicy(domain),
  'cross-origin-opener-policy': 'same-origin',
  'cache-control': 'no-cache',
})

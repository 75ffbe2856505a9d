/**
 * What the page may load and run: files of this server, and nothing that stands in a document. Styles are the exception, because
 * xterm and CodeMirror insert `<style>` elements. A WebSocket of the same host counts as 'self'.
 */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "font-src 'self'",
  "connect-src 'self'",
  "worker-src 'self'",
  "manifest-src 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ')

/** Asked for anew each time: it names the files of the newest build. */
export const PAGE_HEADERS = {
  'content-security-policy': POLICY,
  'cross-origin-opener-policy': 'same-origin',
  'cache-control': 'no-cache',
}

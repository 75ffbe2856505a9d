import { createHash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ErrorCode, RequestError } from '@runnel/contract/public'
import { createRequestId } from '../errors/error-answers.ts'
import { toErrorBody } from '../errors/to-request-error.ts'

const TITLES: Partial<Record<ErrorCode, string>> = {
  'nothing-listens': 'Nothing listens here yet',
  'bad-preview-answer': 'The program did not answer',
  'preview-private': 'This preview is private',
  'sandbox-not-found': 'There is no such preview',
  'sandbox-ended': 'This sandbox has ended',
  'sandbox-paused': 'This sandbox is paused',
  'sandbox-queued': 'This sandbox waits for a worker',
}

/** What may be over in a moment. The page asks again each second, and shows the preview when it is there. */
const PASSING: ReadonlySet<ErrorCode> = new Set([
  'nothing-listens',
  'sandbox-queued',
  'gateway-unreachable',
  'too-many-connections',
  'redis-unavailable',
  'shutting-down',
])

/** Says in a header which answers are ours. */
const CODE_HEADER = 'x-runnel-code'

const RETRY = `
setInterval(async () => {
  try {
    const answer = await fetch(location.href, { method: 'HEAD', cache: 'no-store', redirect: 'manual' })
    if (answer.headers.get('${CODE_HEADER}') !== document.body.dataset.code) location.reload()
  } catch {}
}, 1000)
`
const RETRY_HASH = createHash('sha256').update(RETRY).digest('base64')

const STYLE =
  'html{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:36rem;margin:15vh auto;padding:0 1.5rem}h1{font-size:1.25rem}'

const toText = (text: string): string => text.replace(/[&<>"']/g, (character) => `&#${character.codePointAt(0)};`)

const toPage = ({ code, message }: RequestError): string => {
  const retries = PASSING.has(code)
  return [
    '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">',
    `<title>${toText(TITLES[code] ?? 'Preview')}</title><style>${STYLE}</style>`,
    retries ? '<noscript><meta http-equiv="refresh" content="1"></noscript>' : '',
    `<body data-code="${code}"><h1>${toText(TITLES[code] ?? 'This preview cannot be shown')}</h1><p>${toText(message)}</p>`,
    retries ? `<p role="status">This page looks again each second.</p><script>${RETRY}</script>` : '',
  ].join('\n')
}

/** A person at a browser asks for a page. Programs ask for anything. */
const wantsPage = ({ headers }: IncomingMessage): boolean => (headers.accept ?? '').includes('text/html')

/** Answers in place of the program: a page for people, JSON for programs. */
export const refuseVisit = (
  request: IncomingMessage,
  response: ServerResponse,
  error: RequestError,
  framePolicy: string,
): void => {
  if (response.headersSent || response.destroyed) {
    response.destroy()
    return
  }
  const isPage = wantsPage(request)
  const body = isPage ? toPage(error) : JSON.stringify(toErrorBody(error, createRequestId()))
  const retryAfterMs = error.retryAfterMs ?? (PASSING.has(error.code) ? 1_000 : undefined)
  response.writeHead(error.status, {
    'content-type': isPage ? 'text/html; charset=utf-8' : 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    'content-security-policy': `default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${RETRY_HASH}'; connect-src 'self'; ${framePolicy}`,
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    [CODE_HEADER]: error.code,
    ...(retryAfterMs === undefined ? {} : { 'retry-after': String(Math.ceil(retryAfterMs / 1_000)) }),
  })
  response.end(body)
}

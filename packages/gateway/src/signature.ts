import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'

/**
 * How a request to a gateway shows that it comes from an API that may read the sandbox's lease:
 *
 *   x-runnel-time       milliseconds since 1970
 *   x-runnel-nonce      16 random bytes in hex, used once
 *   x-runnel-signature  HMAC-SHA-256 with the lease's secret over: method, path with query, time, nonce; a line each
 *
 * The secret itself never travels. The path has the sandbox, the act and the whole request, so a signature fits nothing else. The
 * body is not signed: between machines, TLS or a private network protects it.
 */
const HEADERS = { time: 'x-runnel-time', nonce: 'x-runnel-nonce', signature: 'x-runnel-signature' } as const

/** How far the clocks of two hosts may differ, with the time that a request takes. */
export const CLOCKS_DIFFER_MS = 30_000

const NONCE = /^[0-9a-f]{32}$/
const TIME = /^\d{1,15}$/

const toSignature = (secret: string, method: string, path: string, time: string, nonce: string): Buffer =>
  createHmac('sha256', secret).update(`${method}\n${path}\n${time}\n${nonce}`).digest()

export const sign = (secret: string, method: string, path: string): Record<string, string> => {
  const time = String(Date.now())
  const nonce = randomBytes(16).toString('hex')
  const signature = toSignature(secret, method, path, time, nonce).toString('hex')
  return { [HEADERS.time]: time, [HEADERS.nonce]: nonce, [HEADERS.signature]: signature }
}

export type Verdict = 'good' | 'refused' | 'clocks-differ'

/** Checks the requests for one sandbox. Only good ones are remembered, so nobody else can fill its memory. */
export const createVerifier = (secret: string) => {
  /** Each nonce with the time until which a request with it would be good, oldest first. */
  const used = new Map<string, number>()

  const forgetOld = (now: number): void => {
    for (const [nonce, until] of used) {
      if (until >= now) return
      used.delete(nonce)
    }
  }

  return (method: string, path: string, headers: IncomingHttpHeaders): Verdict => {
    const [time, nonce, signature] = [headers[HEADERS.time], headers[HEADERS.nonce], headers[HEADERS.signature]]
    if (typeof time !== 'string' || typeof nonce !== 'string' || typeof signature !== 'string') return 'refused'
    if (!TIME.test(time) || !NONCE.test(nonce)) return 'refused'
    const wanted = toSignature(secret, method, path, time, nonce)
    const given = Buffer.from(signature, 'hex')
    if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) return 'refused'
    const now = Date.now()
    if (Math.abs(now - Number(time)) > CLOCKS_DIFFER_MS) return 'clocks-differ'
    forgetOld(now)
    if (used.has(nonce)) return 'refused'
    used.set(nonce, now + 2 * CLOCKS_DIFFER_MS)
    return 'good'
  }
}

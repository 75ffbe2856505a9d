import type { IncomingMessage, ServerResponse } from 'node:http'
import { RequestError } from '@runnel/contract/public'
import type { Printed, SiteOperations } from '@runnel/operations'
import { z } from 'zod'
import { CONSOLE } from './page-console.ts'
import type { Site } from './site.ts'

const bodySchema = z.strictObject({
  messages: z
    .array(
      z.strictObject({
        level: z.enum(['log', 'warn', 'error']),
        text: z.string().max(CONSOLE.textCharacters),
      }),
    )
    .max(CONSOLE.messages),
  leftOut: z.int().nonnegative(),
})

/** Batches that all pages of a site may send: ten a second, and a few more at once. */
const RATE = { perSecond: 10, burst: 30 } as const
const SITES_COUNTED = 10_000

/** True while a site sends no more than it may. */
const createRate = (): ((jobId: string) => boolean) => {
  const left = new Map<string, { count: number; at: number }>()
  return (jobId) => {
    const now = performance.now()
    const { count, at } = left.get(jobId) ?? { count: RATE.burst, at: now }
    const refilled = Math.min(RATE.burst, count + ((now - at) / 1_000) * RATE.perSecond)
    left.delete(jobId)
    left.set(jobId, { count: Math.max(0, refilled - 1), at: now })
    const [oldest] = left.keys()
    if (left.size > SITES_COUNTED && oldest !== undefined) left.delete(oldest)
    return refilled >= 1
  }
}

const readBody = async (request: IncomingMessage): Promise<unknown> => {
  const parts: Buffer[] = []
  let bytes = 0
  for await (const part of request) {
    bytes += part.length
    if (bytes > CONSOLE.bodyBytes)
      throw new RequestError(
        'payload-too-large',
        `Cannot take more than ${CONSOLE.bodyBytes} bytes of messages at once`,
      )
    parts.push(part)
  }
  try {
    return JSON.parse(Buffer.concat(parts).toString('utf8'))
  } catch {
    return undefined
  }
}

/** Messages that follow each other in one stream are one event. */
const toPrinted = ({ messages, leftOut }: z.output<typeof bodySchema>): Printed[] => {
  const lines = messages.map(({ level, text }) => ({
    stream: level === 'log' ? ('stdout' as const) : ('stderr' as const),
    text: `${text.toWellFormed()}\n`,
  }))
  if (leftOut > 0)
    lines.push({ stream: 'stderr', text: `The page wrote ${leftOut} more messages, which are left out.\n` })
  const printed: Printed[] = []
  for (const line of lines) {
    const last = printed.at(-1)
    if (last?.stream === line.stream) printed[printed.length - 1] = { ...last, text: last.text + line.text }
    else printed.push(line)
  }
  return printed
}

/** Takes what a page of a site writes to its console. Pages of other origins may not send it. */
export const createConsoleReceiver = ({ print }: Pick<SiteOperations, 'print'>) => {
  const isWithinRate = createRate()
  return async (request: IncomingMessage, response: ServerResponse, site: Site): Promise<number> => {
    const { origin, host } = request.headers
    if (origin === undefined || !URL.canParse(origin) || new URL(origin).host !== host)
      throw new RequestError('forbidden', 'Only a page of this site may write to its console')
    if (!isWithinRate(site.job.id))
      throw new RequestError('too-many-requests', 'The pages of this site write to their console too often', {
        retryAfterMs: 1_000,
      })
    const body = bodySchema.safeParse(await readBody(request))
    if (!body.success) throw new RequestError('invalid-request', 'Cannot read these messages of a page')
    const printed = toPrinted(body.data)
    const takesMore = printed.length === 0 || (await print(site.job, printed))
    // Then the page sends no more.
    const status = takesMore ? 204 : 410
    response.writeHead(status, { 'cache-control': 'no-store' }).end()
    return status
  }
}

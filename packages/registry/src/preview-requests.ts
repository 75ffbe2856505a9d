import {
  PREVIEW_PATH_CHARACTERS,
  PREVIEW_REQUESTS,
  type PreviewRequest,
  previewRequestSchema,
} from '@runnel/contract/public'
import { createRedisKeys, type Redis } from '@runnel/redis'

export interface PreviewRequests extends Disposable {
  /** Kept a moment later, with others. What cannot be written is dropped. */
  note(sandboxId: string, request: Omit<PreviewRequest, 'id'>): void
  /** Those that are kept after that one, oldest first. */
  list(sandboxId: string, after: string): Promise<readonly PreviewRequest[]>
}

/** How long requests are gathered before they are written. */
const GATHER_MS = 250

/** The id of an entry in a stream, and so of a request. */
const ID = /^\d{1,15}-\d{1,15}$/

const readEntry = (id: string, fields: readonly string[]): PreviewRequest | undefined => {
  try {
    const read = previewRequestSchema.safeParse({ ...JSON.parse(fields[1] ?? ''), id })
    return read.success ? read.data : undefined
  } catch {
    return undefined
  }
}

/** The latest requests that came to the previews of each sandbox: a short stream, which all APIs write. */
export const createPreviewRequests = (parts: {
  readonly redis: Redis
  readonly prefix: string
  readonly retentionMs: number
}): PreviewRequests => {
  const { redis, prefix, retentionMs } = parts
  const keys = createRedisKeys(prefix)
  const gathered = new Map<string, string[]>()
  let timer: NodeJS.Timeout | undefined

  const write = (): void => {
    timer = undefined
    const step = redis.pipeline()
    for (const [sandboxId, texts] of gathered) {
      const key = keys.previewRequests(sandboxId)
      for (const text of texts) step.xadd(key, 'MAXLEN', PREVIEW_REQUESTS, '*', 'request', text)
      step.pexpire(key, retentionMs)
    }
    gathered.clear()
    step.exec().catch(() => {})
  }

  return {
    note(sandboxId, { path, ...rest }) {
      const texts = gathered.get(sandboxId) ?? []
      texts.push(JSON.stringify({ ...rest, path: path.slice(0, PREVIEW_PATH_CHARACTERS) }))
      if (texts.length > PREVIEW_REQUESTS) texts.shift()
      gathered.set(sandboxId, texts)
      timer ??= setTimeout(write, GATHER_MS)
    },
    async list(sandboxId, after) {
      const from = ID.test(after) ? `(${after}` : '-'
      const entries = await redis.xrange(keys.previewRequests(sandboxId), from, '+')
      return entries.flatMap(([id, fields]) => readEntry(id, fields) ?? [])
    },
    [Symbol.dispose]() {
      if (timer === undefined) return
      clearTimeout(timer)
      write()
    },
  }
}

import { RequestError } from '@runnel/contract/public'
import type { BlobId } from './blob-store.ts'
import { type FileBounds, type FileRecords, RENEW_MS, type Refusal } from './file-records.ts'

/** How much is counted ahead for an upload of unknown size, so that Redis is not asked for each piece. */
const STEP_BYTES = 8 * 1024 * 1024

export interface CountedUpload extends Disposable {
  /** The bytes that have come. */
  readonly taken: number
  /** Counts the bytes that have just come. Throws when they are too many. */
  take(bytes: number): Promise<void>
}

const tooLarge = (maxBytes: number): RequestError =>
  new RequestError(
    'payload-too-large',
    `Cannot store the file: it is larger than ${maxBytes} bytes; send a smaller one`,
  )

const refuse = (refusal: Refusal, bounds: FileBounds): Error => {
  if (refusal === 'gone') return new Error('The upload took so long that it was given up')
  const bound = refusal === 'files' ? `${bounds.files} files` : `${bounds.bytes} bytes of files`
  return new RequestError(
    'file-quota',
    `Cannot store another file: this tenant may keep ${bound}; delete some, or wait until some expire`,
  )
}

/**
 * Counts an upload while it comes, so that no bound is passed even for a moment:
 *
 *   its size is known      all of it is counted before the first byte
 *   its size is not known  8 MiB are counted ahead, or, near the bound, only what has come
 *
 * Throws `payload-too-large` or `file-quota`.
 */
export const countUpload = async (
  records: FileRecords,
  id: BlobId,
  options: { readonly bounds: FileBounds; readonly sizeBytes: number | undefined; readonly maxBytes: number },
): Promise<CountedUpload> => {
  const { bounds, sizeBytes, maxBytes } = options
  if (sizeBytes !== undefined && sizeBytes > maxBytes) throw tooLarge(maxBytes)
  let counted = sizeBytes ?? 0
  let taken = 0
  const refusal = await records.reserve(id, counted, bounds)
  if (refusal !== 'ok') throw refuse(refusal, bounds)

  const extend = async (bytes: number): Promise<Refusal | 'ok'> => {
    const answer = await records.extend(id, bytes, bounds)
    if (answer === 'ok') counted += bytes
    return answer
  }
  // A slow upload needs no more bytes for minutes. If Redis is away, the next turn renews.
  const timer = setInterval(() => void records.extend(id, 0, bounds).catch(() => {}), RENEW_MS)
  timer.unref()

  return {
    get taken() {
      return taken
    },
    async take(bytes) {
      taken += bytes
      if (taken > maxBytes) throw tooLarge(maxBytes)
      const missing = taken - counted
      if (missing <= 0) return
      const ahead = Math.max(missing, Math.min(STEP_BYTES, maxBytes - counted))
      if ((await extend(ahead)) === 'ok') return
      const answer = await extend(missing)
      if (answer !== 'ok') throw refuse(answer, bounds)
    },
    [Symbol.dispose]() {
      clearInterval(timer)
    },
  }
}

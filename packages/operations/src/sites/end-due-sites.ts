import type { SandboxRecords } from '@runnel/registry'
import type { OperationParts } from '../parts.ts'
import { type EndSiteParts, endSite } from './end-site.ts'

const LOOK_EVERY_MS = 1_000

/**
 * Ends sites whose time is over, and those that nobody has used for their `idleTimeoutMs`. Every API process looks; what one has ended,
 * another one does not end again.
 */
export const endDueSites = (
  parts: EndSiteParts & {
    readonly records: Pick<SandboxRecords, 'read'>
    readonly log: OperationParts['log'] & { warn(details: object, message: string): void }
  },
): Disposable => {
  const { sites, records, log } = parts
  let isDisposed = false
  let timer: NodeJS.Timeout

  const look = async (): Promise<void> => {
    for (const site of await sites.due()) {
      if (isDisposed) return
      const record = await records.read(site.id)
      if (record?.ending !== undefined || record === undefined) await sites.end(site, 'lost')
      else {
        const isOver = record.endsAt !== undefined && Date.parse(record.endsAt) <= Date.now()
        await endSite(parts, record, isOver ? 'timed-out' : 'idle')
      }
    }
  }

  const schedule = (): void => {
    timer = setTimeout(async () => {
      await look().catch((err: unknown) => log.warn({ err }, 'Cannot look for sites whose time is over'))
      if (!isDisposed) schedule()
    }, LOOK_EVERY_MS)
  }

  schedule()
  return {
    [Symbol.dispose]() {
      isDisposed = true
      clearTimeout(timer)
    },
  }
}

import { jobEventSchema } from '@runnel/contract/public'
import type { LogEntry } from '@runnel/operations'
import type { PreviewDomain } from '../previews/preview-domain.ts'
import { type Asked, toPreviewOrigin } from '../previews/preview-url.ts'

/**
 * A log does not know by which name the API is reached, so the address of a preview is added when an event goes out: with the scheme
 * and the port of the client's own request. All other events stay as they are.
 */
export const createPreviewUrls = (domain: PreviewDomain, asked: Asked) => {
  const addTo = (entry: LogEntry): LogEntry => {
    if (entry.type !== 'port') return entry
    const event = jobEventSchema.parse(JSON.parse(entry.json))
    if (event.type !== 'port') return entry
    return { ...entry, json: JSON.stringify({ ...event, url: toPreviewOrigin(domain, asked, event) }) }
  }
  return {
    addTo,
    async *addToAll(entries: AsyncIterable<LogEntry>): AsyncGenerator<LogEntry> {
      for await (const entry of entries) yield addTo(entry)
    },
  }
}

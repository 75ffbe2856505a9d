import { randomBytes } from 'node:crypto'
import {
  RequestError,
  type Watched,
  type Watcher,
  type WatcherRequest,
  watchEventSchema,
} from '@runnel/contract/public'
import type { Requester } from '../requester.ts'
import { requireOwnSandbox } from './find-sandbox.ts'
import { readLines } from './read-lines.ts'
import type { SandboxParts } from './sandbox-parts.ts'

export const watcherNotFound = (): RequestError =>
  new RequestError('watcher-not-found', 'The sandbox has no such watcher')

export interface SandboxWatchers {
  create(requester: Requester, id: string, request: WatcherRequest): Promise<Watcher>
  list(requester: Requester, id: string): Promise<readonly Watcher[]>
  /** What happened after the event with this number. */
  read(requester: Requester, id: string, watcherId: string, after: number): Promise<Watched>
  /** The same, then what comes: the JSON of each event. Ends when the watcher or the sandbox ends, or `signal` aborts. */
  follow(
    requester: Requester,
    id: string,
    watcherId: string,
    options: { readonly after: number; readonly signal: AbortSignal },
  ): Promise<AsyncIterable<string>>
  remove(requester: Requester, id: string, watcherId: string): Promise<void>
}

export const createSandboxWatchers = (parts: SandboxParts): SandboxWatchers => {
  const { gateway } = parts
  const own = (requester: Requester, id: string): Promise<void> => requireOwnSandbox(parts, requester, id)
  return {
    async create(requester, id, { path, recursive }) {
      await own(requester, id)
      const watcherId = `wat-${randomBytes(8).toString('hex')}`
      return (await gateway.call(id, 'watch', { watcherId, path, recursive })).answer
    },
    async list(requester, id) {
      await own(requester, id)
      return (await gateway.call(id, 'watchers', {})).answer.watchers
    },
    async read(requester, id, watcherId, after) {
      await own(requester, id)
      const { body } = await gateway.call(id, 'watch-events', { watcherId, after, follow: false })
      const events: Watched['events'] = []
      for await (const line of readLines(body)) events.push(watchEventSchema.parse(JSON.parse(line)))
      return { events, next: events.at(-1)?.id ?? after }
    },
    async follow(requester, id, watcherId, { after, signal }) {
      await own(requester, id)
      return readLines((await gateway.call(id, 'watch-events', { watcherId, after, follow: true }, { signal })).body)
    },
    async remove(requester, id, watcherId) {
      await own(requester, id)
      await gateway.call(id, 'end-watch', { watcherId })
    },
  }
}

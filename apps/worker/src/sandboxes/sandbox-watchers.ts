import { once } from 'node:events'
import { RequestError, WATCHER_EVENTS, type WatchEvent, type Watcher, watchEventSchema } from '@runnel/contract/public'
import type { Handlers } from '@runnel/gateway/server'
import type { HeldProcess, HeldSandbox } from '@runnel/sandbox'
import { toAbsolute } from './sandbox-files.ts'
import { readTask, untilFirst } from './sandbox-tasks.ts'

/** Each is a process in the sandbox. */
const WATCHERS = 16

const seenSchema = watchEventSchema.pick({ type: true, path: true })

interface Watching {
  readonly watcher: Watcher
  readonly process: HeldProcess
  readonly events: WatchEvent[]
  readonly news: EventTarget
  last: number
  isOver: boolean
}

async function* toLines(pieces: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let rest = ''
  const decoder = new TextDecoder()
  for await (const piece of pieces) {
    const lines = (rest + decoder.decode(piece, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    yield* lines.filter((line) => line !== '')
  }
}

/** What watches the files of one sandbox. Each keeps its latest events for who asks later. */
export const createWatcherHandlers = (
  held: HeldSandbox,
  workDir: string,
): Pick<Handlers, 'watch' | 'watchers' | 'watch-events' | 'end-watch'> => {
  const all = new Map<string, Watching>()

  const find = (id: string): Watching => {
    const found = all.get(id)
    if (found !== undefined) return found
    throw new RequestError('watcher-not-found', 'The sandbox has no such watcher')
  }

  const note = (watching: Watching, seen: Pick<WatchEvent, 'type' | 'path'>): void => {
    watching.last += 1
    watching.events.push({ id: watching.last, at: new Date().toISOString(), ...seen })
    if (watching.events.length > WATCHER_EVENTS) watching.events.shift()
    watching.news.dispatchEvent(new Event('news'))
  }

  const follow = async (watching: Watching, lines: AsyncIterable<string>): Promise<void> => {
    try {
      for await (const line of lines) {
        const seen = seenSchema.safeParse(JSON.parse(line))
        if (seen.success) note(watching, seen.data)
      }
    } catch {
      // The watched path is gone, or the watcher was ended.
    } finally {
      watching.isOver = true
      watching.news.dispatchEvent(new Event('news'))
    }
  }

  /** With an event `lost` in place of those that are no longer kept. */
  const eventsAfter = ({ events, watcher }: Watching, after: number): readonly WatchEvent[] => {
    const first = events[0]
    if (first === undefined || first.id <= after + 1) return events.filter(({ id }) => id > after)
    return [{ id: first.id - 1, at: first.at, type: 'lost', path: watcher.path }, ...events]
  }

  const toLine = (event: WatchEvent): Buffer => Buffer.from(`${JSON.stringify(event)}\n`)

  async function* stream(watching: Watching, from: number, signal: AbortSignal): AsyncGenerator<Buffer> {
    let after = from
    for (;;) {
      const events = eventsAfter(watching, after)
      for (const event of events) yield toLine(event)
      after = events.at(-1)?.id ?? after
      if (watching.isOver || signal.aborted) return
      if (watching.last === after) await once(watching.news, 'news', { signal }).catch(() => {})
    }
  }

  return {
    async watch({ watcherId, path, recursive }) {
      if (all.size >= WATCHERS) {
        throw new RequestError(
          'too-many-requests',
          `Cannot watch more: a sandbox has at most ${WATCHERS} watchers; delete one`,
        )
      }
      const task = { name: 'watch', path: toAbsolute(workDir, path), recursive } as const
      const process = held.task(task)
      const watcher = { id: watcherId, path: task.path, recursive, createdAt: new Date().toISOString() }
      const watching = { watcher, process, events: [], news: new EventTarget(), last: 0, isOver: false }
      all.set(watcherId, watching)
      try {
        // Its first line says that it watches.
        const lines = toLines(await untilFirst(readTask(task, process)))
        void follow(watching, lines)
      } catch (error) {
        all.delete(watcherId)
        throw error
      }
      return { answer: watcher }
    },
    watchers: async () => ({ answer: { watchers: [...all.values()].map(({ watcher }) => watcher) } }),
    async 'watch-events'({ watcherId, after, follow: stays }, { signal }) {
      const watching = find(watcherId)
      const answer = { next: watching.last }
      if (stays) return { answer, body: stream(watching, after, signal) }
      const lines = eventsAfter(watching, after).map(toLine)
      const body = async function* () {
        yield* lines
      }
      return { answer, body: body() }
    },
    async 'end-watch'({ watcherId }) {
      find(watcherId).process.stop()
      all.delete(watcherId)
      return { answer: {} }
    },
  }
}

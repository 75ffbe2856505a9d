import { RequestError } from '@runnel/contract/public'
import type { ServedSandbox } from '../src/server.ts'

const refuse = async (): Promise<never> => {
  throw new RequestError('command-not-found', 'Only files are served here')
}

/** A sandbox with one endless file, which counts what it sends and swallows what it gets. */
export const createEcho = (id: string, secret: string) => {
  const count = { calls: 0, sentBytes: 0, takenBytes: 0, open: 0 }
  const served: ServedSandbox = {
    id,
    secret,
    async begin() {
      count.open += 1
      return () => {
        count.open -= 1
      }
    },
    handlers: {
      'start-command': refuse,
      commands: async () => {
        count.calls += 1
        return { answer: { commands: [] } }
      },
      command: refuse,
      'command-events': refuse,
      stdin: refuse,
      'stdin-end': refuse,
      signal: refuse,
      resize: refuse,
      'end-command': refuse,
      'stat-file': refuse,
      async 'read-file'({ length = Number.MAX_SAFE_INTEGER }) {
        const body = async function* () {
          for (let left = length; left > 0; left -= 65_536) {
            const part = Buffer.alloc(Math.min(left, 65_536), 'x')
            count.sentBytes += part.length
            yield part
          }
        }
        return { answer: {}, body: body() }
      },
      async 'write-file'({ path }, { body }) {
        let sizeBytes = 0
        for await (const part of body) {
          if (path === 'full' && sizeBytes > 0) throw new RequestError('disk-full', 'The disk is full')
          sizeBytes += part.length
        }
        count.takenBytes += sizeBytes
        return { answer: { sizeBytes } }
      },
      'list-files': refuse,
      'make-directory': refuse,
      'move-file': refuse,
      'remove-file': refuse,
      archive: refuse,
      watch: refuse,
      watchers: refuse,
      'watch-events': refuse,
      'end-watch': refuse,
      metrics: refuse,
      pause: refuse,
      resume: refuse,
      'set-times': refuse,
      delete: refuse,
      ports: refuse,
      'port-events': refuse,
    },
    connections: {
      dial: refuse,
      terminal: async () => ({
        answer: { pid: 7, isNew: true },
        async serve(stream) {
          for await (const part of stream) stream.write(part)
          stream.end()
        },
      }),
    },
  }
  return { count, served }
}

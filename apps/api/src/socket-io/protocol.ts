import type { Outcome } from '@runnel/contract/public'
import type { DefaultEventsMap, Server, Socket } from 'socket.io'
import type { Caller } from '../access/caller.ts'
import type { toErrorBody } from '../errors/to-request-error.ts'
import type { Handshake } from './handshakes.ts'
import type { PacedEmitter } from './paced-emitter.ts'

/** An error as every route answers it: a code, a sentence, and the id under which the log has it. */
type EventError = ReturnType<typeof toErrorBody>['error']

/**
 * What the server emits: a name and its one argument. Clients of the original service read `status` and `output`; the other fields
 * are ours.
 */
export type ServerMessage =
  /** `restarted`: the sandbox was lost and the program runs again from its beginning; the lines so far do not count. */
  | readonly ['execution_start', { readonly status: 'running' | 'restarted'; readonly jobId: string }]
  | readonly [
      'execution_output',
      {
        /** One line, without its line end. */
        readonly output: string
        /** `notice`: a sentence of the server's, not of the program. */
        readonly stream: 'stdout' | 'stderr' | 'notice'
        readonly jobId: string | null
        /** The line was too long: its next piece is the next event of this job and stream. */
        readonly continues?: true
      },
    ]
  /** The last event of a run. */
  | readonly [
      'execution_complete',
      {
        /** `completed`: exit code 0. */
        readonly status: 'completed' | 'failed'
        /** null if no job was made. */
        readonly jobId: string | null
        /** null if the program did not run. */
        readonly outcome: Outcome | null
        /** How it failed, in a sentence; null if it did not. */
        readonly error: string | null
      },
    ]
  /** A request was refused, or a run cannot be watched, or the socket is about to be closed. */
  | readonly ['execution_error', EventError & { readonly jobId: string | null }]

interface ClientEvents {
  execute_code: (request: unknown) => void
}

interface SocketData {
  caller: Caller
  handshake: Handshake
  emitter: PacedEmitter
  /** Resolved when the client was told so; nothing can be emitted before. */
  isConnected: PromiseWithResolvers<void>
}

export type RunServer = Server<ClientEvents, DefaultEventsMap, DefaultEventsMap, SocketData>
export type RunSocket = Socket<ClientEvents, DefaultEventsMap, DefaultEventsMap, SocketData>

import type { AgentConnection } from './connection.ts'
import { encodeJsonFrame, ProtocolError } from './frames.ts'
import { type Metrics, REQUEST } from './protocol.ts'

/** `hold`: before the container is frozen. Until `release` no time passes for the timers of its agent. */
export type Question = 'metrics' | 'hold' | 'release'

/** Asks the agent of a sandbox that lasts. Rejects when the connection is gone. */
export const askAgent = (connection: AgentConnection, what: Question): Promise<Metrics> => {
  const stream = connection.newStream()
  const answer = Promise.withResolvers<Metrics>()
  connection.listen(stream, 0, (event) => {
    if (event.type === 'answered') answer.resolve(event.metrics)
    else if (event.type === 'failed') answer.reject(event.error)
    else connection.close(new ProtocolError('The agent answered a question with something else'))
  })
  connection.send([encodeJsonFrame(REQUEST.ask, stream, { what })])
  return answer.promise
}

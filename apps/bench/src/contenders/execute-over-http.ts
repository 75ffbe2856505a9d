import { executeResponseSchema } from '@runnel/contract/public'
import { createHttpClient } from '../clients/http-client.ts'
import { checkOutput } from './check-output.ts'
import type { Contender, ContenderName } from './contender.ts'

/** A contender that answers `POST /execute`: Runnel, and the services it is compared with. The answer has the output. */
export const executeOverHttp = (name: ContenderName, url: string): Contender & Disposable => {
  const client = createHttpClient(url)
  return {
    name,
    async run(token) {
      const started = performance.now()
      const answer = await client.post('/execute', { language: 'python', code: `print("${token}")` })
      const finishedMs = performance.now() - started
      checkOutput(executeResponseSchema.parse(answer).output, token)
      return { firstByteMs: finishedMs, finishedMs }
    },
    [Symbol.dispose]: () => client[Symbol.dispose](),
  }
}

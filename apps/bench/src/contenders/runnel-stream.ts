import { type SubmissionRequest, toBytes } from '@runnel/contract/public'
import { openStreamClient } from '../clients/stream-client.ts'
import { checkOutput } from './check-output.ts'
import type { Contender } from './contender.ts'

export const pythonJob = (token: string): SubmissionRequest => ({ language: 'python', code: `print("${token}")` })

export const javascriptJob = (token: string): SubmissionRequest => ({
  language: 'javascript',
  code: `console.log("${token}")`,
})

/** Several sockets share the jobs, because one may follow only 64 of them at a time. */
export const openRunnelStream = async (
  url: string,
  toJob: (token: string) => SubmissionRequest,
  sockets = 1,
): Promise<Contender & Disposable> => {
  const clients = await Promise.all(Array.from({ length: sockets }, () => openStreamClient(url)))
  let turn = 0
  return {
    name: 'runnel-stream',
    async run(token) {
      const client = clients[turn++ % clients.length]
      if (client === undefined) throw new Error('A stream without sockets')
      let firstByteMs = Number.NaN
      let output = ''
      const job = toJob(token)
      const started = performance.now()
      const { outcome } = await client.run(job, (event) => {
        if (event.type !== 'stdout') return
        if (output === '') firstByteMs = performance.now() - started
        output += Buffer.from(toBytes(event)).toString()
      })
      const finishedMs = performance.now() - started
      if (outcome.type !== 'exited') throw new Error(`The job ended as ${JSON.stringify(outcome)}`)
      checkOutput(output, token)
      return { firstByteMs, finishedMs }
    },
    [Symbol.dispose]: () => {
      for (const client of clients) client[Symbol.dispose]()
    },
  }
}

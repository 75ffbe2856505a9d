import { jobSchema, type SubmissionRequest } from '@runnel/contract/public'
import { createHttpClient } from '../clients/http-client.ts'
import { checkOutput } from './check-output.ts'
import type { Contender } from './contender.ts'

const WAIT_MS = 60_000

/** One request and one answer, with all fields of a job. */
export const createRunnelJobs = (url: string, toJob: (token: string) => SubmissionRequest): Contender & Disposable => {
  const client = createHttpClient(url)
  return {
    name: 'runnel-jobs',
    async run(token) {
      const started = performance.now()
      const answer = await client.post(`/v1/jobs?wait=${WAIT_MS}`, toJob(token))
      const finishedMs = performance.now() - started
      checkOutput(jobSchema.parse(answer).output?.stdout.data ?? '', token)
      return { firstByteMs: finishedMs, finishedMs }
    },
    [Symbol.dispose]: () => client[Symbol.dispose](),
  }
}

import type { JobRecorder } from '@runnel/registry'
import type { FastifyInstance } from 'fastify'
import { toRequestError } from './errors/to-request-error.ts'

/** Counts every submission over HTTP that is answered with an error. A guard, a parser or an operation may have refused it. */
export const countRefusals = (app: FastifyInstance, recorder: JobRecorder): void => {
  app.addHook('onError', async ({ is404, routeOptions }, _reply, error) => {
    if (!is404 && routeOptions.config.submits) recorder.refused(toRequestError(error).code)
  })
}

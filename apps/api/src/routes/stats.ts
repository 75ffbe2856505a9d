import { STATS, statsSchema } from '@runnel/contract/public'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { errorAnswers } from './answers.ts'
import { wholeNumber } from './query-values.ts'
import type { RouteOptions } from './route-options.ts'

const time = z.iso
  .datetime({ offset: true, error: 'it must be a time such as 2026-11-29T17:00:00Z' })
  .transform((text) => Date.parse(text))

const querySchema = z.strictObject({
  from: time.optional().describe('An hour before `to` when left out. Numbers are kept for 30 days.'),
  to: time.optional().describe('Now when left out.'),
  step: wholeNumber(STATS.minute.stepMs, STATS.hour.keptMs)
    .optional()
    .describe(
      `Milliseconds, in whole minutes; in whole hours if \`from\` is more than 24 hours ago. Left out: a minute, or an hour. An answer has at most ${STATS.steps} steps.`,
    ),
})

export const statsRoutes: FastifyPluginAsyncZod<Pick<RouteOptions, 'backend'>> = async (
  app,
  { backend: { stats } },
) => {
  app.get(
    '/v1/stats',
    {
      config: { scope: 'admin', resource: 'none', submits: false, stream: false },
      schema: {
        summary: 'Read the numbers of the last hours',
        description: [
          'What was accepted and refused, how jobs ended, how long they waited and ran, and how long the queue was: of all tenants, APIs and workers. Kept for 24 hours by the minute, and for 30 days by the hour.',
          'Processes write what they counted every two seconds, so the last step still grows. A process that is killed loses its last two seconds. Percentiles come from fixed buckets.',
        ].join('\n'),
        tags: ['operate'],
        querystring: querySchema,
        response: { 200: statsSchema, ...errorAnswers(400, 403, 503) },
      },
    },
    async ({ query: { from: fromMs, to: toMs, step: stepMs } }) => stats.read({ fromMs, toMs, stepMs }),
  )
}

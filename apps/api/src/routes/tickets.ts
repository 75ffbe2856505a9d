import { RequestError, ticketRequestSchema, ticketSchema } from '@runnel/contract/public'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { callerOf, requireJob, requireScope } from '../access/caller.ts'
import { requesterOf } from '../access/requester.ts'
import { errorAnswers } from './answers.ts'
import type { RouteOptions } from './route-options.ts'

const PASSED_ON = ['submit', 'read'] as const

export const ticketsRoutes: FastifyPluginAsyncZod<RouteOptions> = async (app, { backend, operations }) => {
  app.post(
    '/v1/tickets',
    {
      // A ticket allows no more than the key that it is made with.
      config: { scope: 'any', resource: 'none', submits: false, stream: false },
      schema: {
        summary: 'Make a ticket for a browser',
        description: [
          'A page must never have a key. It gets a ticket: good for one WebSocket (`?ticket=`) or one answer of events over HTTP (`Authorization: Ticket …`), for a short time,',
          'for the jobs it names or those it submits itself, and never for more than its key may. When the key ends, the ticket and its socket end too.',
        ].join('\n'),
        tags: ['access'],
        body: ticketRequestSchema,
        response: { 201: ticketSchema, ...errorAnswers(400, 403, 404, 415, 503) },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request)
      const { jobIds, submissions, origin = null, expiresInMs, scopes: wanted } = request.body
      for (const scope of wanted ?? []) requireScope(caller, scope)
      const scopes = wanted ?? PASSED_ON.filter((scope) => caller.scopes.includes(scope))
      if (submissions && !scopes.includes('submit')) {
        throw new RequestError('forbidden', 'Cannot make a ticket for submissions without the scope submit')
      }
      if (scopes.length === 0)
        throw new RequestError('forbidden', 'This key may do nothing that a ticket could pass on')
      for (const id of jobIds) await requireJob(backend.jobIds, caller, id)
      await Promise.all(jobIds.map((id) => operations.requireJob(requesterOf(request), id)))
      const grant = { keyId: caller.keyId, scopes, jobIds, submissions, origin }
      const ticket = await backend.tickets.issue(grant, expiresInMs)
      return reply.code(201).send({ ticket, expiresAt: new Date(Date.now() + expiresInMs).toISOString() })
    },
  )
}

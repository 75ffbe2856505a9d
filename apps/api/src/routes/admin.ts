import {
  keyRequestSchema,
  keySchema,
  RequestError,
  tenantIdSchema,
  tenantLimitsSchema,
  tenantSchema,
  unboundTenant,
} from '@runnel/contract/public'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { auditLogOf } from '../access/audit-log.ts'
import { toInvalidRequest } from '../errors/invalid-request.ts'
import { errorAnswers } from './answers.ts'
import type { RouteOptions } from './route-options.ts'

const paramsSchema = z.strictObject({ id: z.string() })
const createdSchema = z.strictObject({
  ...keySchema.shape,
  key: z.string().describe('The key itself. It is shown here and never again.'),
})

const readTenantId = (id: string): string => {
  const read = tenantIdSchema.safeParse(id)
  if (!read.success) throw toInvalidRequest(read.error, 'the tenant')
  return read.data
}

/** Keys and tenants, over HTTP. Each change is a line in the log: what, with which key, from where. */
export const adminRoutes: FastifyPluginAsyncZod<Pick<RouteOptions, 'backend'>> = async (
  app,
  { backend: { keys, tenants } },
) => {
  app.post(
    '/v1/admin/keys',
    {
      config: { scope: 'admin', resource: 'none', submits: false, stream: false },
      schema: {
        summary: 'Make a key',
        description: 'Answers with the key itself, which is shown here and never again: only its SHA-256 is stored.',
        tags: ['access'],
        body: keyRequestSchema,
        response: { 201: createdSchema, ...errorAnswers(400, 403, 415, 503) },
      },
    },
    async (request, reply) => {
      const { key, text } = await keys.create(request.body)
      auditLogOf(request)('A key was made', { keyId: key.id, tenant: key.tenant, scopes: key.scopes })
      return reply.code(201).send({ ...key, key: text })
    },
  )

  app.get(
    '/v1/admin/keys',
    {
      config: { scope: 'admin', resource: 'none', submits: false, stream: false },
      schema: {
        summary: 'List the keys',
        description: 'All keys of all tenants, the newest first, revoked ones too, without their secrets.',
        tags: ['access'],
        response: { 200: z.strictObject({ keys: z.array(keySchema) }), ...errorAnswers(403, 503) },
      },
    },
    async () => ({ keys: await keys.list() }),
  )

  app.delete(
    '/v1/admin/keys/:id',
    {
      config: { scope: 'admin', resource: 'key', submits: false, stream: false },
      schema: {
        summary: 'Revoke a key',
        description:
          'Within five seconds it is refused everywhere, and its streams are closed. Revoking again changes nothing.',
        tags: ['access'],
        params: paramsSchema,
        response: { 200: keySchema, ...errorAnswers(403, 404, 503) },
      },
    },
    async (request) => {
      const revoked = await keys.revoke(request.params.id)
      if (revoked === undefined) throw new RequestError('not-found', 'There is no key with this id')
      const { key, isNew } = revoked
      if (isNew) auditLogOf(request)('A key was revoked', { keyId: key.id, tenant: key.tenant })
      return key
    },
  )

  app.get(
    '/v1/admin/tenants',
    {
      config: { scope: 'admin', resource: 'none', submits: false, stream: false },
      schema: {
        summary: 'List the tenants',
        description: 'Those that have a key, or limits of their own, by id.',
        tags: ['access'],
        response: { 200: z.strictObject({ tenants: z.array(tenantSchema) }), ...errorAnswers(403, 503) },
      },
    },
    async () => {
      const [made, set] = await Promise.all([keys.list(), tenants.list()])
      const known = new Map(made.map(({ tenant }) => [tenant, unboundTenant(tenant)]))
      for (const tenant of set) known.set(tenant.id, tenant)
      return { tenants: [...known.values()].toSorted((one, other) => one.id.localeCompare(other.id)) }
    },
  )

  app.get(
    '/v1/admin/tenants/:id',
    {
      config: { scope: 'admin', resource: 'tenant', submits: false, stream: false },
      schema: {
        summary: "Ask about a tenant's limits",
        description: 'A tenant without settings has the bounds of the deployment.',
        tags: ['access'],
        params: paramsSchema,
        response: { 200: tenantSchema, ...errorAnswers(400, 403, 503) },
      },
    },
    async ({ params }) => tenants.get(readTenantId(params.id)),
  )

  app.put(
    '/v1/admin/tenants/:id',
    {
      config: { scope: 'admin', resource: 'tenant', submits: false, stream: false },
      schema: {
        summary: "Set a tenant's limits",
        description: 'Sets all of them: a limit that is left out is removed. They hold from the next submission on.',
        tags: ['access'],
        params: paramsSchema,
        body: tenantLimitsSchema,
        response: { 200: tenantSchema, ...errorAnswers(400, 403, 415, 503) },
      },
    },
    async (request) => {
      const tenant = { id: readTenantId(request.params.id), limits: request.body }
      await tenants.set(tenant)
      auditLogOf(request)("A tenant's limits were set", { tenant: tenant.id, limits: tenant.limits })
      return tenant
    },
  )
}

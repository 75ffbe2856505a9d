import type { Scope } from '@runnel/contract/public'
import type { FastifyInstance, RouteOptions } from 'fastify'
import { z } from 'zod'

const SCOPES = ['submit', 'read', 'submit, read', 'sandboxes', 'admin', 'any', 'none'] as const
/** The scopes that a key needs for each of them. */
export const SCOPES_OF: Readonly<Record<(typeof SCOPES)[number], readonly Scope[]>> = {
  submit: ['submit'],
  read: ['read'],
  'submit, read': ['submit', 'read'],
  sandboxes: ['sandboxes'],
  admin: ['admin'],
  any: [],
  none: [],
}
const RESOURCES = ['job', 'file', 'sandbox', 'key', 'tenant', 'worker', 'session', 'none'] as const

/** Who may call a route. Each route states it in its options, as `config`. */
export interface RouteAccess {
  /** What the caller's key must allow. `any`: a valid key; the handler checks further. `none`: everybody, without a key. */
  readonly scope: (typeof SCOPES)[number]
  /**
   * What `:id` in its URL is. A job, a file or a sandbox must belong to the caller's tenant. Routes of a sandbox take its access token
   * too.
   */
  readonly resource: (typeof RESOURCES)[number]
  /** Each request is a submission and counts for the tenant's `submitsPerMinute`. */
  readonly submits: boolean
  /** It stays open and counts for the stream quota. It takes a ticket in place of a key. */
  readonly stream: boolean
  /** It also takes a signed URL, for this operation on the file of its `path`. */
  readonly signedFor?: 'read' | 'write'
}

declare module 'fastify' {
  interface FastifyContextConfig extends RouteAccess {}
}

const schema = z.object({
  scope: z.enum(SCOPES),
  resource: z.enum(RESOURCES),
  submits: z.boolean(),
  stream: z.boolean(),
  signedFor: z.enum(['read', 'write']).optional(),
})

/** For routes that everybody may call. */
export const PUBLIC: RouteAccess = { scope: 'none', resource: 'none', submits: false, stream: false }

/** What is wrong with a route's access; undefined if nothing is. */
const findFault = ({ url, config }: RouteOptions): string | undefined => {
  const access = schema.safeParse(config)
  if (!access.success) return 'states no access: give it `config: {scope, resource, submits, stream}`'
  const hasId = url.includes(':id')
  if (hasId && access.data.resource === 'none') return 'does not state what its `:id` is: set `config.resource`'
  if (!hasId && access.data.resource !== 'none') return 'states a resource but has no `:id` in its URL'
  return undefined
}

/** The app does not start if a route does not state its access. To be called before any route is registered. */
export const requireRouteAccess = (app: FastifyInstance): void => {
  const routes: RouteOptions[] = []
  app.addHook('onRoute', (route) => void routes.push(route))
  app.addHook('onReady', async () => {
    for (const route of routes) {
      const fault = findFault(route)
      if (fault !== undefined) throw new Error(`The route ${route.method} ${route.url} ${fault}`)
    }
  })
}

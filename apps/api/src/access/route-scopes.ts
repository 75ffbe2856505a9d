import type { Scope } from '@runnel/contract/public'

/** What a caller must be allowed to do. `any`: to be known; the route looks further itself. */
type RouteScope = Scope | 'any'

/** Who may call what. A route that is not in this list cannot be registered. */
const ROUTE_SCOPES: Readonly<Record<string, RouteScope>> = {
  'POST /v1/jobs': 'submit',
  'GET /v1/jobs': 'read',
  'GET /v1/jobs/:id': 'read',
  'DELETE /v1/jobs/:id': 'submit',
  'POST /v1/jobs/:id/stdin': 'submit',
  'GET /v1/jobs/:id/events': 'read',
  // Each frame is looked at by itself.
  'GET /v1/stream': 'any',
  'POST /execute': 'submit',
  'POST /api/execute': 'submit',
  // What a key may not do, its tickets may not either.
  'POST /v1/tickets': 'any',
  'GET /v1/languages': 'any',
  'POST /v1/admin/keys': 'admin',
  'GET /v1/admin/keys': 'admin',
  'DELETE /v1/admin/keys/:id': 'admin',
  'GET /v1/admin/tenants/:id': 'admin',
  'PUT /v1/admin/tenants/:id': 'admin',
}

/** A submission each, so they count into the tenant's `submitsPerMinute`. */
const SUBMITTING: ReadonlySet<string> = new Set(['POST /v1/jobs', 'POST /execute', 'POST /api/execute'])

/** They stay open. Reached by WebSocket too, and then with a ticket. */
const STREAMING: ReadonlySet<string> = new Set(['GET /v1/jobs/:id/events', 'GET /v1/stream'])

export interface RouteRule {
  readonly scope: RouteScope
  readonly submits: boolean
  readonly isStream: boolean
  /** Whether its `:id` is a job's. */
  readonly isOfJob: boolean
}

export const findRule = (method: string, url: string): RouteRule => {
  const name = `${method === 'HEAD' ? 'GET' : method} ${url}`
  const scope = ROUTE_SCOPES[name]
  if (scope === undefined) throw new Error(`Nothing says who may call ${name}`)
  return {
    scope,
    submits: SUBMITTING.has(name),
    isStream: STREAMING.has(name),
    isOfJob: url.startsWith('/v1/jobs/:id'),
  }
}

interface EngineCall {
  readonly method: 'GET' | 'POST' | 'DELETE'
  /** `{id}` is a container's full id, `{image}` the name of an image. */
  readonly path: `/${string}`
  readonly because: string
  /** Far more than a healthy engine needs on a busy machine, far less than a person waits. */
  readonly deadlineMs: number
}

/**
 * All calls that we make to Docker. The socket proxy (apps/docker-proxy) lets only these through. A test runs a worker
 * behind the proxy and fails if a call is missing here, or if one of these is never made.
 */
export const ENGINE_CALLS = {
  ping: {
    method: 'GET',
    path: '/_ping',
    because: 'Whether the engine answers.',
    deadlineMs: 3_000,
  },
  info: {
    method: 'GET',
    path: '/info',
    because:
      'Once: how the engine secures containers. If it remaps users, that decides which users sandboxes may have.',
    deadlineMs: 10_000,
  },
  image: {
    method: 'GET',
    path: '/images/{image}/json',
    because: 'Whether a language’s image exists, so that a missing one is reported in a sentence, before a job comes.',
    deadlineMs: 5_000,
  },
  create: {
    method: 'POST',
    path: '/containers/create',
    because: 'A sandbox, as the container policy describes it.',
    deadlineMs: 20_000,
  },
  attach: {
    method: 'POST',
    path: '/containers/{id}/attach',
    because: 'The only connection to the agent inside, made before it starts.',
    deadlineMs: 10_000,
  },
  start: {
    method: 'POST',
    path: '/containers/{id}/start',
    because: 'The agent starts.',
    deadlineMs: 20_000,
  },
  update: {
    method: 'POST',
    path: '/containers/{id}/update',
    because: 'A waiting sandbox gets the memory and process limits of its job.',
    deadlineMs: 10_000,
  },
  pause: {
    method: 'POST',
    path: '/containers/{id}/pause',
    because: 'A sandbox that lasts is frozen: it keeps its memory and gets no processor time.',
    deadlineMs: 10_000,
  },
  unpause: {
    method: 'POST',
    path: '/containers/{id}/unpause',
    because: 'It goes on.',
    deadlineMs: 10_000,
  },
  inspect: {
    method: 'GET',
    path: '/containers/{id}/json',
    because: 'Only when an agent ended without a report: whether the kernel killed it, out of memory.',
    deadlineMs: 5_000,
  },
  remove: {
    method: 'DELETE',
    path: '/containers/{id}',
    because: 'A used sandbox, or one that a dead worker left.',
    deadlineMs: 20_000,
  },
  list: {
    method: 'GET',
    path: '/containers/json',
    because: 'What is left of this worker when it stops, and of dead workers.',
    deadlineMs: 10_000,
  },
} as const satisfies Readonly<Record<string, EngineCall>>

export type EngineCallName = keyof typeof ENGINE_CALLS

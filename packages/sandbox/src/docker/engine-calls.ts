interface EngineCall {
  readonly method: 'GET' | 'POST' | 'DELETE'
  /** `{id}` is a container's whole id, `{image}` the name of an image. */
  readonly path: `/${string}`
  readonly because: string
  /** Far above what a healthy engine needs on a busy machine, far below what a person waits. */
  readonly deadlineMs: number
}

/**
 * All we ever ask of Docker. The socket proxy (apps/docker-proxy) lets these through and nothing else, and a test has a
 * worker live its whole life behind it: a call that is missing here fails there, and so does one that nobody makes.
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
    because: 'Once: whether the engine remaps users, which says which ones sandboxes may have.',
    deadlineMs: 10_000,
  },
  image: {
    method: 'GET',
    path: '/images/{image}/json',
    because: 'Whether a language’s image is there, so that its absence is told in a sentence and before a job comes.',
    deadlineMs: 5_000,
  },
  create: {
    method: 'POST',
    path: '/containers/create',
    because: 'A sandbox, as the container policy has it.',
    deadlineMs: 20_000,
  },
  attach: {
    method: 'POST',
    path: '/containers/{id}/attach',
    because: 'The one connection to the agent inside, taken before it starts.',
    deadlineMs: 10_000,
  },
  start: {
    method: 'POST',
    path: '/containers/{id}/start',
    because: 'The agent begins.',
    deadlineMs: 20_000,
  },
  update: {
    method: 'POST',
    path: '/containers/{id}/update',
    because: 'Memory and processes of a waiting sandbox become those of the job that gets it.',
    deadlineMs: 10_000,
  },
  inspect: {
    method: 'GET',
    path: '/containers/{id}/json',
    because: 'Only when an agent ended without a word: whether the kernel took it along, out of memory.',
    deadlineMs: 5_000,
  },
  remove: {
    method: 'DELETE',
    path: '/containers/{id}',
    because: 'A sandbox that has served, or that a dead worker left.',
    deadlineMs: 20_000,
  },
  list: {
    method: 'GET',
    path: '/containers/json',
    because: 'What this worker has left when it stops, and what dead workers left.',
    deadlineMs: 10_000,
  },
} as const satisfies Readonly<Record<string, EngineCall>>

export type EngineCallName = keyof typeof ENGINE_CALLS

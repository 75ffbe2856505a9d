import { z } from 'zod'

/**
 * Why a sandbox ended.
 *
 *   deleted         DELETE /v1/sandboxes/:id
 *   timed-out       it reached `endsAt`
 *   idle            nothing was asked of it for `idleTimeoutMs`
 *   finished        of a job with `serve`: its program ended
 *   out-of-memory   all of it was ended by the kernel, not one program
 *   lost            its worker died or stopped
 *   sandbox-failed  our own fault: it could not be started, or broke
 */
export const sandboxEndingSchema = z.enum([
  'deleted',
  'timed-out',
  'idle',
  'finished',
  'out-of-memory',
  'lost',
  'sandbox-failed',
])
export type SandboxEnding = z.infer<typeof sandboxEndingSchema>

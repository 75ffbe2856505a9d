import { z } from 'zod'

/** A TCP port of a sandbox. */
export const portSchema = z.int().min(1).max(65_535)

/** Of a sandbox, and of a job that has previews. */
export const publicSchema = z
  .boolean()
  .describe(
    'Whether everybody who knows the address of a preview sees it. Otherwise a preview needs a signed address, the access token of its sandbox, or your key.',
  )

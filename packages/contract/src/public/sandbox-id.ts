import { z } from 'zod'

/** Made by the server. It is a host label as it is. */
export const sandboxIdSchema = z.string().regex(/^sbx-[0-9a-f]{24}$/, {
  error: 'Not a sandbox id: one looks like sbx- and 24 hex digits',
})

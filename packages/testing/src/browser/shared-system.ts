import { z } from 'zod'

/** What a browser test gets to know of a shared system. `key`: it needs this one. */
export const sharedSystemSchema = z.object({ url: z.url(), key: z.string().optional() })
export type SharedSystem = z.output<typeof sharedSystemSchema>

/** Of every shared system, and of those that tests start themselves. */
export const SYSTEM_ENV = { RUNNEL_LANGUAGES: 'python,javascript' }

import { z } from 'zod'

/** What the global setup provides. */
declare module 'vitest' {
  interface ProvidedContext {
    /** Where tests ask for a shared system by its name: `GET <url>/open` or `/locked`. */
    sharedSystemsUrl: string
  }
}

/** What a browser test gets to know of a shared system. `key`: it needs this one. */
export const sharedSystemSchema = z.object({ url: z.url(), key: z.string().optional() })
export type SharedSystem = z.output<typeof sharedSystemSchema>

/** Of every shared system, and of those that tests start themselves. */
export const SYSTEM_ENV = { RUNNEL_LANGUAGES: 'python,javascript,html' }

import { z } from 'zod'
import { type SandboxStatus, sandboxSchema, sandboxStatusSchema } from './sandbox.ts'

/** Sandboxes in one page of `GET /v1/sandboxes`. */
export const SANDBOX_PAGE = { default: 20, maximum: 100 } as const

/** A sandbox in a list: without its access token and its place in the queue. */
export const listedSandboxSchema = sandboxSchema.omit({ accessToken: true, queuePosition: true, estimatedWaitMs: true })
export type ListedSandbox = z.infer<typeof listedSandboxSchema>

export const sandboxPageSchema = z.strictObject({
  sandboxes: z.array(listedSandboxSchema).describe('The newest first.'),
  next: z.string().optional().describe('The `cursor` of the next page. Absent on the last page.'),
})
export type SandboxPage = z.infer<typeof sandboxPageSchema>

const STATUSES: readonly string[] = sandboxStatusSchema.options
const isStatus = (word: string): word is SandboxStatus => STATUSES.includes(word)

const texts = z
  .union([z.string().max(2_000), z.array(z.string().max(2_000)).max(64)])
  .transform((given) => [given].flat())

const limit = z
  .string()
  .regex(/^\d{1,3}$/, `it must be a whole number from 1 to ${SANDBOX_PAGE.maximum}`)
  .transform(Number)
  .refine(
    (value) => value >= 1 && value <= SANDBOX_PAGE.maximum,
    `it must be a whole number from 1 to ${SANDBOX_PAGE.maximum}`,
  )

/** The query of `GET /v1/sandboxes`. Filters are combined: a sandbox must pass each of them. */
export const sandboxListQuerySchema = z.strictObject({
  limit: limit
    .optional()
    .describe(`Sandboxes a page, up to ${SANDBOX_PAGE.maximum}; ${SANDBOX_PAGE.default} when left out.`),
  cursor: z.string().max(256).optional().describe('The `next` of the page before this one, with the same filters.'),
  status: texts
    .transform((given, context) => {
      const words = given.flatMap((text) => text.split(','))
      const unknown = words.find((word) => !isStatus(word))
      if (unknown === undefined) return words.filter(isStatus)
      context.addIssue({
        code: 'custom',
        message: `Cannot filter by the status ${JSON.stringify(unknown)}: use one or several of ${STATUSES.join(', ')}`,
      })
      return z.NEVER
    })
    .optional()
    .describe(`Only sandboxes with this status, one or several with commas: ${STATUSES.join(', ')}.`),
  metadata: texts
    .transform((given, context) => {
      const pairs = given.map((text): readonly [string, string] => {
        const at = text.indexOf('=')
        if (at < 1) {
          context.addIssue({
            code: 'custom',
            message: `Cannot filter by the metadata ${JSON.stringify(text)}: write metadata=key=value`,
          })
        }
        return [text.slice(0, at), text.slice(at + 1)]
      })
      return Object.fromEntries(pairs)
    })
    .optional()
    .describe(
      'Only sandboxes with this entry in `metadata`, as `metadata=key=value`; several times for several entries.',
    ),
})
export type SandboxListQuery = z.output<typeof sandboxListQuerySchema>

import { z } from 'zod'
import { JOB_OUTPUT_BYTES } from './job.ts'

/** `POST /execute`: the smallest contract there is. One program in, its output back. */
export const executeRequestSchema = z.strictObject({
  code: z.string(),
  language: z.string().optional(),
})

export const executeResponseSchema = z.strictObject({
  success: z.boolean().describe('The program ended by itself with exit code 0.'),
  output: z
    .string()
    .describe(
      `stdout, up to its first ${JOB_OUTPUT_BYTES} bytes, as of stderr. Bytes that are not UTF-8 are replaced; GET /v1/jobs/:id/events has all as it was.`,
    ),
  error: z
    .string()
    .nullable()
    .describe(
      'stderr, and how the program ended where that was not exit code 0; null on success with an empty stderr.',
    ),
  execution_time: z.number().describe('Seconds the program ran.'),
})

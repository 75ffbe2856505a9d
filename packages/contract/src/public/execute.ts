import { z } from 'zod'
import { JOB_OUTPUT_BYTES } from './job.ts'

/** `POST /execute`: one program in, its output back, and nothing else. */
export const executeRequestSchema = z.strictObject({
  code: z.string(),
  language: z.string().optional().describe('As in POST /v1/jobs. `auto`, or left out: detected.'),
})

export const executeResponseSchema = z.strictObject({
  success: z.boolean().describe('The program ended with exit code 0.'),
  output: z
    .string()
    .describe(
      `stdout, up to its first ${JOB_OUTPUT_BYTES} bytes; stderr is cut in the same way. Bytes that are not UTF-8 are replaced. GET /v1/jobs/:id/events has the exact bytes.`,
    ),
  error: z
    .string()
    .nullable()
    .describe('stderr, and how the program ended if not with exit code 0. null on success with an empty stderr.'),
  execution_time: z.number().describe('Seconds the program ran.'),
})

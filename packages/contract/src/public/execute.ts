import { z } from 'zod'
import { JOB_OUTPUT_BYTES } from './job.ts'

/** `POST /execute`: one program in, its output back, and nothing else. */
export const executeRequestSchema = z.strictObject({
  code: z.string().describe('The program, or a chat answer with one fenced block, as in POST /v1/jobs.'),
  language: z.string().optional().describe('As in POST /v1/jobs. `auto`, or left out: detected.'),
})

export const executeResponseSchema = z.strictObject({
  success: z
    .boolean()
    .describe('The program ended with exit code 0. It may have reached a limit on the way: then `error` says which.'),
  output: z
    .string()
    .describe(
      `stdout, up to its first ${JOB_OUTPUT_BYTES} bytes; stderr is cut in the same way. Bytes that are not UTF-8 are replaced. GET /v1/jobs/:id/events has the exact bytes.`,
    ),
  error: z
    .string()
    .nullable()
    .describe(
      'Up to three parts, a line end between them: stderr; how the program ended, if not with exit code 0; a sentence for each limit (`processes`, `memoryBytes`, `diskBytes`) that it reached without being ended, also on success. null if there is none of them.',
    ),
  execution_time: z.number().describe('Seconds the program ran.'),
})

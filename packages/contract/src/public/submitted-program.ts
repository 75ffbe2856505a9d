import { z } from 'zod'
import { artifactsSchema } from './artifact.ts'
import { isolationSchema, jobIdSchema } from './job.ts'
import { limitsSchema } from './limits.ts'
import { argsSchema, extractedSchema, programSchema, storedInputSchema } from './program.ts'
import { terminalSizeShape } from './terminal.ts'

/**
 * What a job runs, with every choice made: `GET /v1/jobs/:id/program`. Its fields have the names of a submission, so it can be
 * submitted again, except that of `env` only the names are told: values are often secrets.
 */
export const submittedProgramSchema = z.strictObject({
  jobId: jobIdSchema,
  language: z.string().describe('Its id. Also if it was detected.'),
  code: z
    .string()
    .optional()
    .describe('The program, if it was submitted as `code`. Of a chat answer: the block that is run. Otherwise absent.'),
  extracted: extractedSchema.optional(),
  files: programSchema.shape.files
    .optional()
    .describe('The program, if it was submitted as `files`; each as text or base64, as it came. Otherwise absent.'),
  storedFiles: z
    .array(z.strictObject(storedInputSchema.shape))
    .optional()
    .describe('The uploaded files among its files. Absent if there are none.'),
  artifacts: artifactsSchema.optional().describe('The patterns of the files that it keeps. Absent if there are none.'),
  entry: z.string().describe('The file that is run. With `code`: the name that the code got.'),
  args: argsSchema,
  envNames: z.array(z.string()).describe('The names of the variables in `env`. Their values are not told.'),
  stdin: z.string().describe('Standard input at the start. What was sent later is not in it.'),
  interactive: z.boolean(),
  tty: z.boolean(),
  cols: terminalSizeShape.cols.optional().describe('The first size of the terminal. Absent without `tty`.'),
  rows: terminalSizeShape.rows.optional().describe('The first size of the terminal. Absent without `tty`.'),
  serve: z.literal(true).optional().describe('It was submitted with `serve`. Absent if not.'),
  public: z.literal(true).optional().describe('Everybody may see its previews. Absent if not.'),
  isolation: isolationSchema,
  limits: limitsSchema,
})
export type SubmittedProgram = z.infer<typeof submittedProgramSchema>

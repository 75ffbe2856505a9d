import { z } from 'zod'
import { fileIdSchema } from './stored-file.ts'
import { terminalSizeShape } from './terminal.ts'
import { chunkFault, chunkLength, encodingSchema, textFault, utf8Length } from './text.ts'

/** Bounds on the shape of a program; its size is bounded by `sourceBytes` and the body limit. */
export const PROGRAM = {
  /** All files together, decoded. */
  sourceBytes: 1024 * 1024,
  /** On standard input, at the start or in one message while it runs. */
  stdinBytes: 1024 * 1024,
  /** All input of an interactive job while it runs. It is kept until the job finishes, because another attempt needs it again. */
  stdinTotalBytes: 8 * 1024 * 1024,
  files: 500,
  /** Files and the folders they lie in: each is an inode of the workspace, which has at least 2,048. */
  filesAndFolders: 1_000,
  pathBytes: 1024,
  /** What Linux allows for one name. */
  pathSegmentBytes: 255,
  args: 256,
  env: 128,
  /** args and env together; Linux passes far more, a program needs far less. */
  argsAndEnvBytes: 64 * 1024,
} as const

/** Why `path` cannot name a file of a program, or undefined when it can. */
export const pathFault = (path: string): string | undefined => {
  const text = textFault(path)
  if (text !== undefined) return text
  if (path === '') return 'is empty'
  if (utf8Length(path) > PROGRAM.pathBytes) return `is longer than ${PROGRAM.pathBytes} bytes`
  if (path.startsWith('/')) return 'is absolute; give it relative to the workspace'
  if (/[\\\p{Cc}]/u.test(path)) return 'has a backslash or a control character'
  if (/^[A-Za-z]:/.test(path)) return 'starts with a drive letter'
  for (const segment of path.split('/')) {
    if (segment === '') return 'has an empty segment'
    if (segment === '.' || segment === '..') return `has the segment "${segment}"`
    if (utf8Length(segment) > PROGRAM.pathSegmentBytes) {
      return `has a segment longer than ${PROGRAM.pathSegmentBytes} bytes`
    }
  }
  return undefined
}

/** Why `files` cannot lie in one workspace, or undefined when they can. Names that differ only in Unicode form are one name. */
export const filesFault = (paths: readonly string[]): string | undefined => {
  const seen = new Set<string>()
  for (const path of paths.map((given) => given.normalize('NFC'))) {
    if (seen.has(path)) return `names "${path}" twice`
    seen.add(path)
  }
  const folders = new Set<string>()
  for (const path of seen) {
    for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
      folders.add(path.slice(0, end))
      if (seen.has(path.slice(0, end))) return `has "${path.slice(0, end)}" both as a file and as a folder`
    }
  }
  if (seen.size + folders.size > PROGRAM.filesAndFolders)
    return `needs more than ${PROGRAM.filesAndFolders} files and folders`
  return undefined
}

const pathSchema = z.string().superRefine((path, context) => {
  const fault = pathFault(path)
  if (fault !== undefined)
    context.addIssue({
      code: 'custom',
      message: `Cannot use the path ${JSON.stringify(path)}: it ${fault}`,
    })
})

const fileShape = {
  path: pathSchema.describe('Relative to /workspace, with "/" between segments.'),
  content: z.string(),
  encoding: encodingSchema.default('utf8'),
}

const checkFile = (
  { content, encoding, path }: z.output<z.ZodObject<typeof fileShape>>,
  context: z.RefinementCtx,
): void => {
  const fault = chunkFault({ encoding, data: content })
  if (fault === undefined) return
  context.addIssue({
    code: 'custom',
    path: ['content'],
    message: `Cannot read the content of "${path}": it ${fault}`,
  })
}

/** A file of a submission: its content, or a file that was uploaded before. */
export const submittedFileSchema = z
  .strictObject({
    ...fileShape,
    content: z.string().optional(),
    fileId: fileIdSchema.optional().describe('An uploaded file, in place of `content`. Not for the file that is run.'),
  })
  .superRefine((file, context) => {
    const { path, content, fileId } = file
    if (content !== undefined && fileId === undefined) return checkFile({ ...file, content }, context)
    if (content === undefined && fileId !== undefined) return
    const message = `Cannot read the file "${path}": send its \`content\`, or the \`fileId\` of an uploaded file`
    context.addIssue({ code: 'custom', message })
  })

/** An uploaded file that a job finds in its workspace. */
export const storedInputSchema = z.object({
  path: fileShape.path,
  fileId: fileIdSchema,
  sizeBytes: z.int().nonnegative(),
})
export type StoredInput = z.infer<typeof storedInputSchema>

export const fileSchema = z.strictObject(fileShape).superRefine(checkFile)
export type File = z.infer<typeof fileSchema>

const wordSchema = z.string().superRefine((value, context) => {
  const fault = textFault(value)
  if (fault !== undefined)
    context.addIssue({
      code: 'custom',
      message: `Cannot pass this text to a program: it ${fault}`,
    })
})

export const argsSchema = z
  .array(wordSchema)
  .max(PROGRAM.args)
  .describe(`Up to ${PROGRAM.args} command-line arguments.`)

const envNameSchema = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, {
  error: ({ input }) =>
    `Cannot use ${JSON.stringify(input)} as an environment variable's name: use letters, digits and _, and do not start with a digit`,
})

export const envSchema = z
  .record(envNameSchema, wordSchema)
  .refine((env) => Object.keys(env).length <= PROGRAM.env, {
    error: `Cannot pass more than ${PROGRAM.env} environment variables`,
  })
  .describe(`Up to ${PROGRAM.env} variables, on top of PATH, HOME and LANG.`)

export const argsAndEnvBytes = (args: readonly string[], env: Readonly<Record<string, string>>): number =>
  [...args, ...Object.entries(env).flat()].reduce((sum, word) => sum + utf8Length(word) + 1, 0)

export const fileBytes = ({ content, encoding }: File): number => chunkLength({ encoding, data: content })

/** Which lines of `code` are run, if it was a chat answer: line 1 of the program is `firstLine` of the text. */
export const extractedSchema = z
  .object({ firstLine: z.int().positive(), lastLine: z.int().positive() })
  .describe(
    'If `code` was Markdown with one fenced block, that block was run: these lines of `code`, counted from 1, both included. Line 1 in a trace of the program is `firstLine` here. Absent if `code` was run as it stands.',
  )
export type Extracted = z.infer<typeof extractedSchema>

/** A program as it is queued and run, with every default filled in. */
export const programSchema = z.object({
  language: z.string(),
  files: z.array(z.object(fileShape).superRefine(checkFile)).min(1),
  entry: z.string(),
  args: argsSchema,
  env: envSchema,
  stdin: z.string(),
  interactive: z.boolean(),
  terminal: z
    .object(terminalSizeShape)
    .optional()
    .describe('Present if the program runs on a terminal: its first size.'),
})
export type Program = z.infer<typeof programSchema>

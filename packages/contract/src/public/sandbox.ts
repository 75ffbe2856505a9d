import { z } from 'zod'
import { publicSchema } from './port.ts'
import { maskHostSchema } from './preview.ts'
import { argsAndEnvBytes, envSchema, fileBytes, PROGRAM } from './program.ts'
import { sandboxEndingSchema } from './sandbox-ending.ts'
import { sandboxIdSchema } from './sandbox-id.ts'
import { boundedNumber, type SandboxPolicy, sandboxLimitsSchema } from './sandbox-limits.ts'
import { firstFilesFault, sandboxPathSchema } from './sandbox-path.ts'
import { fileIdSchema } from './stored-file.ts'
import { chunkFault, encodingSchema, textFault, utf8Length } from './text.ts'

/**
 *   queued   waits for a worker
 *   running  takes calls
 *   paused   frozen: its memory is kept and nothing in it runs
 *   ended    gone; `ending` says why
 */
export const sandboxStatusSchema = z.enum(['queued', 'running', 'paused', 'ended'])
export type SandboxStatus = z.infer<typeof sandboxStatusSchema>

/** The folder that commands start in, and that relative paths start from, unless the request names another. */
export const SANDBOX_WORK_DIR = '/home/user'
/** `template` of a request that names none. */
export const SANDBOX_TEMPLATE = 'python'
/** `template` of a site: files that the API serves. No worker holds it, and nothing runs in it. */
export const SITE_TEMPLATE = 'html'

export const SANDBOX_METADATA = { entries: 32, keyCharacters: 64, valueCharacters: 512 } as const

const metadataWord = (what: string, minimum: number, maximum: number) =>
  z.string().superRefine((text, context) => {
    const fault =
      textFault(text) ??
      (text.length < minimum ? 'is empty' : text.length > maximum ? `has more than ${maximum} characters` : undefined)
    if (fault !== undefined)
      context.addIssue({ code: 'custom', message: `Cannot use this ${what} of metadata: it ${fault}` })
  })

export const sandboxMetadataSchema = z
  .record(
    metadataWord('key', 1, SANDBOX_METADATA.keyCharacters),
    metadataWord('value', 0, SANDBOX_METADATA.valueCharacters),
  )
  .refine((metadata) => Object.keys(metadata).length <= SANDBOX_METADATA.entries, {
    error: `Cannot keep more than ${SANDBOX_METADATA.entries} entries of metadata`,
  })
  .describe(
    `Your own notes, text by text: up to ${SANDBOX_METADATA.entries} keys of up to ${SANDBOX_METADATA.keyCharacters} characters, values of up to ${SANDBOX_METADATA.valueCharacters}. GET /v1/sandboxes can filter by them.`,
  )

/** A file that is there when the sandbox starts. */
export const sandboxFileSchema = z
  .strictObject({
    path: sandboxPathSchema.describe('Absolute, or relative to `workDir`. Folders on the way are made.'),
    content: z.string(),
    encoding: encodingSchema.default('utf8'),
  })
  .superRefine(({ content, encoding, path }, context) => {
    const fault = chunkFault({ encoding, data: content })
    if (fault === undefined) return
    context.addIssue({
      code: 'custom',
      path: ['content'],
      message: `Cannot read the content of "${path}": it ${fault}`,
    })
  })
export type SandboxFile = z.output<typeof sandboxFileSchema>

/** A file of a request: its content, or a file that was uploaded before. */
const requestedFileSchema = z
  .strictObject({
    ...sandboxFileSchema.shape,
    content: z.string().optional(),
    fileId: fileIdSchema.optional().describe('An uploaded file, in place of `content`.'),
  })
  .superRefine(({ path, content, encoding, fileId }, context) => {
    const refuse = (message: string) => context.addIssue({ code: 'custom', message })
    if ((content === undefined) === (fileId === undefined))
      return refuse(`Cannot read the file "${path}": send its \`content\`, or the \`fileId\` of an uploaded file`)
    const fault = content === undefined ? undefined : chunkFault({ encoding, data: content })
    if (fault !== undefined) refuse(`Cannot read the content of "${path}": it ${fault}`)
  })

/** The body of `POST /v1/sandboxes`. Unknown fields are refused. A number outside of `policy` is refused, not lowered. */
export const createSandboxRequestSchema = (policy: SandboxPolicy) =>
  z
    .strictObject({
      template: z
        .string()
        .min(1)
        .max(64)
        .optional()
        .describe(`What it starts from: an id or alias from GET /v1/languages. \`${SANDBOX_TEMPLATE}\` when left out.`),
      timeoutMs: boundedNumber('timeoutMs', policy.timeoutMs)
        .meta({ default: policy.timeoutMs.default })
        .describe(
          `It ends this many milliseconds after it has started, ${policy.timeoutMs.minimum} to ${policy.timeoutMs.maximum}. PATCH sets it anew.`,
        ),
      idleTimeoutMs: boundedNumber('idleTimeoutMs', policy.idleTimeoutMs)
        .meta({ default: policy.idleTimeoutMs.default })
        .describe(
          `It ends when nothing was asked of it for this many milliseconds, ${policy.idleTimeoutMs.minimum} to ${policy.idleTimeoutMs.maximum}. A foreground command that runs, a call into it and input of a terminal count; a background command alone does not.`,
        ),
      limits: z
        .strictObject({
          memoryBytes: boundedNumber('limits.memoryBytes', policy.memoryBytes)
            .meta({ default: policy.memoryBytes.default })
            .describe(sandboxLimitsSchema.shape.memoryBytes.description ?? ''),
          diskBytes: boundedNumber('limits.diskBytes', policy.diskBytes)
            .meta({ default: policy.diskBytes.default })
            .describe(sandboxLimitsSchema.shape.diskBytes.description ?? ''),
          processes: boundedNumber('limits.processes', policy.processes)
            .meta({ default: policy.processes.default })
            .describe(sandboxLimitsSchema.shape.processes.description ?? ''),
        })
        .prefault({}),
      env: envSchema.default({}).describe(`Up to ${PROGRAM.env} variables of every command and terminal in it.`),
      workDir: sandboxPathSchema
        .refine((path) => path.startsWith('/'), { error: 'Cannot use this workDir: it must be absolute' })
        .default(SANDBOX_WORK_DIR)
        .describe('Where commands start, and what relative paths are relative to. It is made if it is not there.'),
      metadata: sandboxMetadataSchema.default({}),
      autoResume: z
        .boolean()
        .default(false)
        .describe('Whether a call into it resumes it while it is paused. Otherwise such a call gets 409.'),
      public: publicSchema.default(false),
      maskHost: maskHostSchema
        .optional()
        .describe(
          "The Host that programs in it see in place of the preview's own, for those that check it: `localhost:{port}`, say, with the port that was asked for.",
        ),
      files: z
        .array(requestedFileSchema)
        .max(PROGRAM.files)
        .default([])
        .describe(
          `Up to ${PROGRAM.files} files that are there from the start: each with its \`content\`, ${PROGRAM.sourceBytes} bytes in all, or with the \`fileId\` of an uploaded file.`,
        ),
    })
    .superRefine(({ env, files, workDir }, context) => {
      const refuse = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message })
      if (argsAndEnvBytes([], env) > PROGRAM.argsAndEnvBytes)
        refuse('env', `Cannot pass more than ${PROGRAM.argsAndEnvBytes} bytes of env`)
      const fault = firstFilesFault(
        workDir,
        files.map(({ path }) => path),
      )
      if (fault !== undefined) refuse('files', fault)
      const bytes = files.reduce(
        (sum, { path, content = '', encoding }) => sum + fileBytes({ path, content, encoding }) + utf8Length(path),
        0,
      )
      if (bytes > PROGRAM.sourceBytes)
        refuse(
          'files',
          `Cannot take more than ${PROGRAM.sourceBytes} bytes of files here: upload larger ones first, or write them when it runs`,
        )
    })
export type SandboxRequest = z.output<ReturnType<typeof createSandboxRequestSchema>>

/** The body of `PATCH /v1/sandboxes/:id`. */
export const createSandboxTimesSchema = (policy: SandboxPolicy) =>
  z
    .strictObject({
      timeoutMs: boundedNumber('timeoutMs', policy.timeoutMs).describe(
        `It ends this many milliseconds after this call, ${policy.timeoutMs.minimum} to ${policy.timeoutMs.maximum}. May be less than before.`,
      ),
      idleTimeoutMs: boundedNumber('idleTimeoutMs', policy.idleTimeoutMs).describe(
        `It ends when nothing is asked of it for this many milliseconds, ${policy.idleTimeoutMs.minimum} to ${policy.idleTimeoutMs.maximum}.`,
      ),
    })
    .refine(({ timeoutMs, idleTimeoutMs }) => timeoutMs !== undefined || idleTimeoutMs !== undefined, {
      error: 'Nothing to change: send timeoutMs, or idleTimeoutMs, or both',
    })
export type SandboxTimes = z.output<ReturnType<typeof createSandboxTimesSchema>>

/** A sandbox as it is now. */
export const sandboxSchema = z.strictObject({
  id: sandboxIdSchema,
  status: sandboxStatusSchema,
  template: z.string().describe('The id of a language.'),
  accessToken: z
    .string()
    .optional()
    .describe(
      'Opens everything in this sandbox and nothing else: `Authorization: Bearer sbt_…`. Only in the answers of create and get, and only for a caller with a key.',
    ),
  createdAt: z.iso.datetime(),
  startedAt: z.iso.datetime().optional().describe('Absent until it runs.'),
  endsAt: z.iso
    .datetime()
    .optional()
    .describe('When `timeoutMs` ends it. Absent until it runs, and when it has ended.'),
  timeoutMs: z.int().positive().describe('As it was set last, in milliseconds.'),
  idleTimeoutMs: z.int().positive().describe('As it was set last, in milliseconds.'),
  autoResume: z.boolean(),
  public: publicSchema,
  jobId: z
    .string()
    .optional()
    .describe('The job that it was made for: its program serves, or it is a site. It ends with it. Absent otherwise.'),
  maskHost: z
    .string()
    .optional()
    .describe('The Host that programs in it see through previews. Absent: the one that was asked for.'),
  limits: sandboxLimitsSchema,
  workDir: z.string(),
  metadata: z.record(z.string(), z.string()),
  queuePosition: z.int().nonnegative().optional().describe('While queued: how many jobs and sandboxes are before it.'),
  estimatedWaitMs: z
    .int()
    .nonnegative()
    .optional()
    .describe('While queued: how long it will probably wait, in milliseconds.'),
  endedAt: z.iso.datetime().optional().describe('When it ended. Absent before.'),
  ending: sandboxEndingSchema.optional().describe('Why it ended. Absent before.'),
  endingMessage: z
    .string()
    .optional()
    .describe('The same in a sentence, where the word says too little: which of `files` could not be written, say.'),
})
export type Sandbox = z.infer<typeof sandboxSchema>

/** `GET /v1/sandboxes/:id/metrics`. What is used now; null where it cannot be measured. */
export const sandboxMetricsSchema = z.strictObject({
  at: z.iso.datetime(),
  memoryBytes: z.int().nonnegative().nullable().describe('Memory in use, files included, in bytes.'),
  cpuMs: z.number().nonnegative().nullable().describe('Processor time since it started, in milliseconds.'),
  diskBytes: z.int().nonnegative().nullable().describe('What its files take, in bytes.'),
  processes: z.int().nonnegative().nullable().describe('Processes and threads that are alive, ours included.'),
  limits: sandboxLimitsSchema,
})
export type SandboxMetrics = z.infer<typeof sandboxMetricsSchema>

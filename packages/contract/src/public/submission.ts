import { z } from 'zod'
import { artifactsSchema } from './artifact.ts'
import { isolationSchema } from './job.ts'
import { createLimitsRequestSchema, type LimitsPolicy } from './limits.ts'
import { publicSchema } from './port.ts'
import {
  argsAndEnvBytes,
  argsSchema,
  envSchema,
  fileBytes,
  filesFault,
  PROGRAM,
  pathFault,
  submittedFileSchema,
} from './program.ts'
import { boundedNumber } from './sandbox-limits.ts'
import { SERVE, SERVE_LIMITS, type ServePolicy } from './serve.ts'
import { TERMINAL, terminalSizeShape } from './terminal.ts'
import { utf8Length } from './text.ts'

/** `Idempotency-Key` of POST /v1/jobs, and `idempotencyKey` of a `submit` frame. */
export const idempotencyKeySchema = z
  .string()
  .regex(/^[\x21-\x7e]{1,255}$/, {
    error: 'Cannot read the idempotency key: it must have 1 to 255 printable ASCII characters and no space',
  })
  .describe(
    'Your own key for this submission, such as a UUID. If the answer was lost, submit again with the same key: you get the same job. Another program with that key is refused. Keys are kept as long as finished jobs.',
  )

/** A language that the caller leaves open by name. It means the same as no language, so it is no alias of one. */
const AUTO_LANGUAGE = 'auto'

/** Becomes undefined if it is `auto`, in upper or lower case: all that follows knows one way to leave the language open. */
const languageSchema = z
  .string()
  .min(1)
  .max(64)
  .transform((name) => (name.trim().toLowerCase() === AUTO_LANGUAGE ? undefined : name))
  .optional()
  .describe('An id or alias from GET /v1/languages. `auto`, or left out: detected.')

const wholeText = (name: string) =>
  z.string().refine((text) => text.isWellFormed(), {
    error: `Cannot read ${name}: it has a lone surrogate, which UTF-8 cannot encode`,
  })

const NO_ARTIFACTS =
  'Cannot keep artifacts of a program that serves: read its files with GET /v1/sandboxes/:id/files while it runs'

/**
 * What `POST /v1/jobs` takes: a program as `code` or as `files` with an `entry`, and how to run it.
 * Unknown fields are refused, nothing is coerced. The language may be left out, or be `auto`, and is then detected.
 */
export const createSubmissionSchema = (policy: LimitsPolicy, servePolicy: ServePolicy = SERVE_LIMITS) =>
  z
    .strictObject({
      language: languageSchema,
      code: wholeText('code')
        .optional()
        .describe(
          'The whole program. Either this or `files`. A chat answer in Markdown with one fenced block: that block is run, in the language of its fence, and the job has `extracted`.',
        ),
      files: z
        .array(submittedFileSchema)
        .min(1)
        .max(PROGRAM.files)
        .optional()
        .describe(
          'The program as files, paths relative to its workspace: each with its `content`, or with the `fileId` of an uploaded file.',
        ),
      entry: z.string().optional().describe('The file to run. Needed with more than one file.'),
      args: argsSchema.default([]),
      env: envSchema.default({}),
      stdin: wholeText('stdin')
        .refine((text) => utf8Length(text) <= PROGRAM.stdinBytes, {
          error: `Cannot take more than ${PROGRAM.stdinBytes} bytes of stdin at once: send the rest to POST /v1/jobs/:id/stdin`,
        })
        .default('')
        .describe('Text to put on standard input at the start.'),
      interactive: z
        .boolean()
        .optional()
        .describe(
          'Keep standard input open after `stdin`, so that POST /v1/jobs/:id/stdin can send more. Otherwise it ends there. Left out: true with `tty`, because a person sits at a terminal; otherwise false.',
        ),
      tty: z
        .boolean()
        .default(false)
        .describe(
          'Run the program on a terminal, for a person: colours, line editing, ^C. All output is `stdout` events, in exact order. `stdin` and later input are typed on it: send "\\r" for Enter, "\\u0003" for ^C. An input that ends is ^D.',
        ),
      cols: terminalSizeShape.cols
        .optional()
        .describe(
          `Columns of the terminal, 1 to ${TERMINAL.maximum}; ${TERMINAL.cols} if left out. Only with \`tty\`.`,
        ),
      rows: terminalSizeShape.rows
        .optional()
        .describe(`Rows of the terminal, 1 to ${TERMINAL.maximum}; ${TERMINAL.rows} if left out. Only with \`tty\`.`),
      isolation: isolationSchema.default('job'),
      cancelOnDisconnect: z
        .boolean()
        .default(false)
        .describe(
          'Cancel the job when its client disconnects before it has finished. The client is the WebSocket that submitted it, or the connection that waits for it (`wait`). A server that stops cancels nothing.',
        ),
      artifacts: artifactsSchema.optional(),
      serve: z
        .boolean()
        .default(false)
        .describe(
          `For a program that serves web pages, as Flask, FastAPI or Express: it runs in a sandbox of its own (\`sandboxId\`), which ends with it. \`limits.wallMs\` and \`limits.cpuMs\` do not bound it. Each port that it listens on is an event \`port\` with the URL of its preview. \`PORT\` is ${SERVE.port} unless \`env\` has another one.`,
        ),
      timeoutMs: boundedNumber('timeoutMs', servePolicy.timeoutMs)
        .meta({ default: servePolicy.timeoutMs.default })
        .describe(
          `Of what is served: it ends this many milliseconds after it has started, ${servePolicy.timeoutMs.minimum} to ${servePolicy.timeoutMs.maximum}. Only with \`serve\`.`,
        ),
      idleTimeoutMs: boundedNumber('idleTimeoutMs', servePolicy.idleTimeoutMs)
        .meta({ default: servePolicy.idleTimeoutMs.default })
        .describe(
          `Of what is served: it ends when nothing was asked of it for this many milliseconds, ${servePolicy.idleTimeoutMs.minimum} to ${servePolicy.idleTimeoutMs.maximum}. Requests to its previews count. Only with \`serve\`.`,
        ),
      public: publicSchema.default(false),
      console: z
        .boolean()
        .default(true)
        .describe(
          'Of HTML: whether what its pages write to the console, and their uncaught errors, are output of the job. A small script in each page sends them. Otherwise without effect.',
        ),
      limits: createLimitsRequestSchema(policy).prefault({}),
    })
    .superRefine((submission, context) => {
      const refuse = (path: string[], message: string) => context.addIssue({ code: 'custom', path, message })
      const { code, files, entry, args, env, tty, serve, artifacts } = submission
      for (const side of ['cols', 'rows'] as const) {
        if (!tty && submission[side] !== undefined)
          refuse([side], `Cannot use \`${side}\` without a terminal: send \`tty: true\` with it`)
      }
      if (serve && artifacts !== undefined) refuse(['artifacts'], NO_ARTIFACTS)
      for (const name of ['timeoutMs', 'idleTimeoutMs'] as const) {
        if (!serve && submission[name] !== undefined)
          refuse([name], `Cannot use \`${name}\` without \`serve: true\`: the time of a job is \`limits.wallMs\``)
      }
      if (code !== undefined && files !== undefined) refuse([], 'Cannot run both `code` and `files`: send one of them')
      if (code === undefined && files === undefined)
        refuse([], 'Nothing to run: send `code`, or `files` with an `entry`')
      if (code !== undefined && entry !== undefined)
        refuse(['entry'], 'Cannot use `entry` with `code`: it goes with `files`')
      if (code?.trim() === '') refuse(['code'], 'Nothing to run: `code` is empty')
      if (argsAndEnvBytes(args, env) > PROGRAM.argsAndEnvBytes) {
        refuse([], `Cannot pass more than ${PROGRAM.argsAndEnvBytes} bytes of args and env together`)
      }
      if (files === undefined) return
      const paths = files.map((file) => file.path)
      const fault = filesFault(paths)
      if (fault !== undefined) refuse(['files'], `Cannot lay out the files: the list ${fault}`)
      if (entry !== undefined && pathFault(entry) === undefined && !paths.includes(entry)) {
        refuse(['entry'], `Cannot find the entry ${JSON.stringify(entry)} among the files`)
      }
      if (entry !== undefined && pathFault(entry) !== undefined) {
        refuse(['entry'], `Cannot use the entry ${JSON.stringify(entry)}: it ${pathFault(entry)}`)
      }
      const entryFile = files.find((file) => file.path === (entry ?? files[0]?.path))
      if (files.length === 1 || entry !== undefined) {
        if (entryFile?.content === undefined && entryFile?.fileId !== undefined)
          refuse(
            ['files'],
            `Cannot run "${entryFile.path}": it is an uploaded file; send the file that is run with its \`content\``,
          )
        if (entryFile?.content !== undefined && fileBytes({ ...entryFile, content: entryFile.content }) === 0)
          refuse(['files'], `Nothing to run: "${entryFile.path}" is empty`)
      }
    })

export type Submission = z.output<ReturnType<typeof createSubmissionSchema>>
export type SubmissionRequest = z.input<ReturnType<typeof createSubmissionSchema>>

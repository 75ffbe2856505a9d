import { z } from 'zod'
import { jobIdSchema, jobSchema } from './job.ts'
import type { LimitBounds } from './limits.ts'
import { outcomeSchema, usageSchema } from './outcome.ts'
import { argsAndEnvBytes, argsSchema, envSchema, PROGRAM } from './program.ts'
import { sandboxIdSchema } from './sandbox-id.ts'
import { boundedNumber } from './sandbox-limits.ts'
import { sandboxPathSchema } from './sandbox-path.ts'
import { TERMINAL, terminalSizeShape } from './terminal.ts'
import { textFault, utf8Length } from './text.ts'

/** Of a background command or a terminal. */
export const backgroundIdSchema = z.string().regex(/^cmd-[0-9a-f]{16}$/, {
  error: 'Not the id of a background command: one looks like cmd- and 16 hex digits',
})

/** A foreground command is a run: its id is a job's id, and its events and its place in the history are a job's too. */
export const commandIdSchema = z.union([jobIdSchema, backgroundIdSchema])

export const COMMAND = {
  /** The line, or the program's name. */
  bytes: 64 * 1024,
  tagCharacters: 128,
  /** What a background command or a terminal keeps of its output. The oldest is dropped. */
  ringBytes: 1024 * 1024,
} as const

/** The bounds that a deployment sets for commands. */
export interface CommandPolicy {
  /** The wall time of a command. */
  readonly commandMs: LimitBounds
  /** What a foreground command may print. */
  readonly outputBytes: LimitBounds
}

const lineSchema = z.string().superRefine((line, context) => {
  const refuse = (message: string) => context.addIssue({ code: 'custom', message })
  const fault = textFault(line)
  if (fault !== undefined) refuse(`Cannot run this command: it ${fault}`)
  else if (line.trim() === '') refuse('Nothing to run: `command` is empty')
  else if (utf8Length(line) > COMMAND.bytes) refuse(`Cannot run a command of more than ${COMMAND.bytes} bytes`)
})

/** The body of `POST /v1/sandboxes/:id/commands`. */
export const createCommandRequestSchema = ({ commandMs, outputBytes }: CommandPolicy) =>
  z
    .strictObject({
      command: lineSchema.describe(
        'Without `args`: a line for the shell (`/bin/bash -lc`), with pipes and all. With `args`: a program, looked up in PATH.',
      ),
      args: argsSchema.optional().describe(`Up to ${PROGRAM.args} arguments. With them no shell is involved.`),
      cwd: sandboxPathSchema
        .optional()
        .describe(
          "Where it starts: absolute, or relative to the sandbox's `workDir`, which it is when left out. If it is not there, the command exits with 127, as in a shell.",
        ),
      env: envSchema.default({}).describe(`Up to ${PROGRAM.env} variables, on top of those of the sandbox.`),
      stdin: z
        .string()
        .refine((text) => text.isWellFormed(), {
          error: 'Cannot read stdin: it has a lone surrogate, which UTF-8 cannot encode',
        })
        .refine((text) => utf8Length(text) <= PROGRAM.stdinBytes, {
          error: `Cannot take more than ${PROGRAM.stdinBytes} bytes of stdin at once: send the rest to …/stdin`,
        })
        .default('')
        .describe('Text to put on standard input at the start.'),
      interactive: z
        .boolean()
        .optional()
        .describe('Keep standard input open after `stdin`, for …/stdin. Left out: true with `tty`, otherwise false.'),
      background: z
        .boolean()
        .default(false)
        .describe(
          `For servers, and what runs on for long. Not in the history; keeps the last ${COMMAND.ringBytes} bytes that it printed, and is never ended for printing. Alone it does not keep the sandbox from being idle.`,
        ),
      tty: z.boolean().default(false).describe('Run it on a terminal. All output is `stdout` then.'),
      cols: terminalSizeShape.cols
        .optional()
        .describe(
          `Columns of the terminal, 1 to ${TERMINAL.maximum}; ${TERMINAL.cols} if left out. Only with \`tty\`.`,
        ),
      rows: terminalSizeShape.rows
        .optional()
        .describe(`Rows of the terminal, 1 to ${TERMINAL.maximum}; ${TERMINAL.rows} if left out. Only with \`tty\`.`),
      tag: z
        .string()
        .min(1)
        .max(COMMAND.tagCharacters)
        .refine((tag) => textFault(tag) === undefined, { error: 'Cannot use this tag: it cannot be written as text' })
        .optional()
        .describe('Your own name for it. The list shows it.'),
      timeoutMs: boundedNumber('timeoutMs', commandMs).describe(
        `It is ended after this many milliseconds, ${commandMs.minimum} to ${commandMs.maximum}. Left out: ${commandMs.default} in the foreground, no limit in the background.`,
      ),
      outputBytes: boundedNumber('outputBytes', outputBytes).describe(
        `It is ended when it has printed more, ${outputBytes.minimum} to ${outputBytes.maximum} bytes; ${outputBytes.default} when left out. Not with \`background\`.`,
      ),
    })
    .superRefine((request, context) => {
      const refuse = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message })
      const { args = [], env, tty, background, outputBytes: output } = request
      if (argsAndEnvBytes(args, env) > PROGRAM.argsAndEnvBytes)
        refuse('args', `Cannot pass more than ${PROGRAM.argsAndEnvBytes} bytes of args and env together`)
      for (const side of ['cols', 'rows'] as const) {
        if (!tty && request[side] !== undefined)
          refuse(side, `Cannot use \`${side}\` without a terminal: send \`tty: true\` with it`)
      }
      if (background && output !== undefined)
        refuse('outputBytes', 'Cannot use `outputBytes` with `background`: such a command is never ended for printing')
    })
export type CommandRequest = z.output<ReturnType<typeof createCommandRequestSchema>>

/** A command as it is now. */
export const commandSchema = z.strictObject({
  id: commandIdSchema,
  sandboxId: sandboxIdSchema,
  command: z.string(),
  args: z.array(z.string()).optional().describe('Absent if `command` is a line for the shell.'),
  cwd: z.string().describe('An absolute path.'),
  tag: z.string().optional(),
  background: z.boolean(),
  tty: z.boolean(),
  pid: z.int().positive().optional().describe('Its process id in the sandbox. Absent if it could not be started.'),
  status: z.enum(['running', 'finished']),
  startedAt: z.iso.datetime(),
  finishedAt: z.iso.datetime().optional().describe('When finished.'),
  timeoutMs: z.int().positive().nullable().describe('Its wall limit in milliseconds. null: none.'),
  outcome: outcomeSchema.optional().describe('When finished.'),
  usage: usageSchema.nullable().optional().describe('When finished; null if it never started.'),
  output: jobSchema.shape.output.describe(
    'When finished, of a foreground command: what it printed, as in a job. Not in lists. Of background commands …/events has the output.',
  ),
})
export type Command = z.infer<typeof commandSchema>

/** `GET /v1/sandboxes/:id/commands`. */
export const commandListSchema = z.strictObject({
  commands: z
    .array(commandSchema)
    .describe('Those that run, and the last ones that have finished, terminals too; the newest first.'),
})
export type CommandList = z.infer<typeof commandListSchema>

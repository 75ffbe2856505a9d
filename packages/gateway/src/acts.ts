import {
  backgroundIdSchema,
  commandIdSchema,
  commandSchema,
  fileEntrySchema,
  portSchema,
  signalNames,
  terminalSizeSchema,
  watcherIdSchema,
  watcherSchema,
} from '@runnel/contract/public'
import { z } from 'zod'

const nothing = z.strictObject({})
const command = z.strictObject({ commandId: commandIdSchema })
const path = z.strictObject({ path: z.string() })

/** A command as its worker knows it. It does not know the output of foreground commands: that is in their log. */
const heldCommandSchema = commandSchema.omit({ sandboxId: true, output: true })
export type HeldCommand = z.output<typeof heldCommandSchema>

const startCommandSchema = z.strictObject({
  commandId: commandIdSchema,
  /** Without `args` a line for the shell. */
  command: z.string(),
  args: z.array(z.string()).optional(),
  cwd: z.string().optional(),
  env: z.record(z.string(), z.string()),
  tag: z.string().optional(),
  background: z.boolean(),
  terminal: terminalSizeSchema.optional(),
  /** Whether standard input stays open after the body of the request. */
  interactive: z.boolean(),
  /** null: no limit. */
  timeoutMs: z.int().positive().nullable(),
  /** null: no limit. */
  outputBytes: z.int().positive().nullable(),
  /** How long to wait for its end before the answer. 0: answer as soon as it has started. */
  waitMs: z.int().nonnegative(),
})

/** The foreground command has ended and its answer has what it printed, as in a job. */
const waitedCommandSchema = heldCommandSchema.extend({
  output: z
    .strictObject({ stdoutBytes: z.int().nonnegative(), truncated: z.boolean() })
    .optional()
    .describe('The body has stdout, `stdoutBytes` long, then stderr.'),
})

/**
 * What the API can ask of a sandbox: for each act the request, and the answer that comes before the bytes of the body.
 *
 *   start-command   body in: standard input. Body out: if it waited for the end, what was printed
 *   command-events  body out: a line of JSON (`JobEvent`) for each event of a background command; stays open until its end
 *   stdin           body in: bytes for standard input. Answers when the program has taken them
 *   read-file       body out: the bytes from `offset` on, at most `length`
 *   write-file      body in: the bytes. The file appears when all have come, or not at all. `sizeBytes`, if it is known: refused at
 *                   once if that does not fit on the disk
 *   list-files      body out: a line of JSON (`FileEntry`) for each entry
 *   archive         body out: a tar or zip file
 *   port-events     body out: a line of JSON `{port, open}` for each port that is listened on, then for each change; stays open
 *   watch-events    body out: a line of JSON (`WatchEvent`) for each event after `after`; with `follow` it stays open
 */
const ACTS = {
  'start-command': { request: startCommandSchema, answer: waitedCommandSchema },
  commands: { request: nothing, answer: z.strictObject({ commands: z.array(heldCommandSchema) }) },
  command: { request: command, answer: heldCommandSchema },
  'command-events': {
    request: z.strictObject({ commandId: backgroundIdSchema, after: z.string().optional(), follow: z.boolean() }),
    answer: nothing,
  },
  stdin: { request: command, answer: nothing },
  'stdin-end': { request: command, answer: nothing },
  signal: { request: command.extend({ signal: z.enum(signalNames) }), answer: nothing },
  resize: { request: command.extend(terminalSizeSchema.shape), answer: nothing },
  /** Ends the command and all that it started. */
  'end-command': { request: command, answer: heldCommandSchema },
  /** With `follow`, of a link: the entry of its target. */
  'stat-file': { request: path.extend({ follow: z.boolean().optional() }), answer: fileEntrySchema },
  'read-file': {
    request: path.extend({ offset: z.int().nonnegative().optional(), length: z.int().nonnegative().optional() }),
    answer: nothing,
  },
  'write-file': {
    request: path.extend({ mode: z.int().nonnegative().optional(), sizeBytes: z.int().nonnegative().optional() }),
    answer: z.strictObject({ sizeBytes: z.int().nonnegative() }),
  },
  'list-files': { request: path.extend({ depth: z.int().positive() }), answer: nothing },
  'make-directory': { request: path, answer: nothing },
  'move-file': { request: z.strictObject({ from: z.string(), to: z.string() }), answer: nothing },
  'remove-file': { request: path, answer: nothing },
  archive: { request: path.extend({ format: z.enum(['tar', 'zip']) }), answer: nothing },
  watch: { request: path.extend({ watcherId: watcherIdSchema, recursive: z.boolean() }), answer: watcherSchema },
  watchers: { request: nothing, answer: z.strictObject({ watchers: z.array(watcherSchema) }) },
  'watch-events': {
    request: z.strictObject({ watcherId: watcherIdSchema, after: z.int().nonnegative(), follow: z.boolean() }),
    answer: z.strictObject({ next: z.int().nonnegative() }),
  },
  'end-watch': { request: z.strictObject({ watcherId: watcherIdSchema }), answer: nothing },
  metrics: {
    request: nothing,
    answer: z.strictObject({
      memoryBytes: z.int().nonnegative().nullable(),
      cpuMs: z.number().nonnegative().nullable(),
      diskBytes: z.int().nonnegative().nullable(),
      processes: z.int().nonnegative().nullable(),
    }),
  },
  pause: { request: nothing, answer: nothing },
  resume: { request: nothing, answer: nothing },
  'set-times': {
    request: z.strictObject({
      timeoutMs: z.int().positive().optional(),
      idleTimeoutMs: z.int().positive().optional(),
    }),
    answer: z.strictObject({ timeoutMs: z.int(), idleTimeoutMs: z.int(), endsAt: z.iso.datetime() }),
  },
  delete: { request: nothing, answer: nothing },
  /** The ports that programs listen on now. */
  ports: { request: nothing, answer: z.strictObject({ ports: z.array(portSchema) }) },
  'port-events': { request: nothing, answer: nothing },
} as const

/** An act that takes over the connection: bytes both ways until one side ends. */
const CONNECTIONS = {
  /** A new terminal with that id, or the one that has it. Starts with what it showed last. */
  terminal: {
    request: startCommandSchema
      .pick({ commandId: true, env: true, cwd: true, tag: true })
      .extend({ ...terminalSizeSchema.shape, isNew: z.boolean() }),
    answer: z.strictObject({ pid: z.int().positive(), isNew: z.boolean() }),
  },
  /** A program that listens on the port in the sandbox. Each side can end its half. */
  dial: { request: z.strictObject({ port: portSchema }), answer: nothing },
} as const

export type ActName = keyof typeof ACTS
export type ConnectionName = keyof typeof CONNECTIONS
export type ActRequest<A extends ActName> = z.output<(typeof ACTS)[A]['request']>
export type ActAnswer<A extends ActName> = z.output<(typeof ACTS)[A]['answer']>
export type ConnectionRequest<C extends ConnectionName> = z.output<(typeof CONNECTIONS)[C]['request']>
export type ConnectionAnswer<C extends ConnectionName> = z.output<(typeof CONNECTIONS)[C]['answer']>

/** By name, so that the compiler knows which schema belongs to which act. */
export const ACT_SCHEMAS: {
  readonly [A in ActName]: { readonly request: z.ZodType<ActRequest<A>>; readonly answer: z.ZodType<ActAnswer<A>> }
} = ACTS
export const CONNECTION_SCHEMAS: {
  readonly [C in ConnectionName]: {
    readonly request: z.ZodType<ConnectionRequest<C>>
    readonly answer: z.ZodType<ConnectionAnswer<C>>
  }
} = CONNECTIONS

import { z } from 'zod'
import { backgroundIdSchema } from './command.ts'
import { outcomeSchema } from './outcome.ts'
import { terminalSizeShape } from './terminal.ts'

/**
 * `GET /v1/sandboxes/:id/terminal`, a WebSocket. A terminal is a background command with `tty`: its id is a command's, the list of
 * commands has it, and DELETE of that command ends it.
 *
 *   client → server   binary: what is typed      text: {type: "resize", cols, rows}
 *   server → client   binary: what is shown      text: `ready` first, `finished` at the end
 *
 * When a socket closes, the terminal goes on. Who connects with its id gets what it showed last, then what comes.
 */
export const terminalClientFrameSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('resize'), ...terminalSizeShape }),
])
export type TerminalClientFrame = z.infer<typeof terminalClientFrameSchema>

export const terminalServerFrameSchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('ready'),
    id: backgroundIdSchema.describe('Connect again with `?command=` and this id.'),
    pid: z.int().positive(),
    isNew: z.boolean().describe('false: it was there, and the next bytes are what it showed last.'),
  }),
  z.strictObject({ type: z.literal('finished'), outcome: outcomeSchema }),
])
export type TerminalServerFrame = z.infer<typeof terminalServerFrameSchema>

import { z } from 'zod'
import { signalNames } from '../public/job.ts'
import { terminalSizeShape } from '../public/terminal.ts'
import { chunkSchema } from '../public/text.ts'

/** A message from the API to the worker of a queued or running job. Nothing else travels towards the sandbox after submission. */
export const controlSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('cancel') }),
  z.object({ type: z.literal('stdin'), ...chunkSchema.shape }),
  z.object({ type: z.literal('stdin-end') }),
  z.object({ type: z.literal('signal'), signal: z.enum(signalNames) }),
  z.object({ type: z.literal('resize'), ...terminalSizeShape }),
])
export type Control = z.infer<typeof controlSchema>

import type { HeldProcess } from '@runnel/sandbox'
import { z } from 'zod'

/** Where the files of a program are. */
export const WORKSPACE = '/workspace'

/** More than a task says about a fault. */
const FAULT_BYTES = 16 * 1024
const faultSchema = z.object({ code: z.string(), message: z.string() })

const toFault = (text: string): { readonly code: string; readonly message: string } => {
  try {
    return faultSchema.parse(JSON.parse(text))
  } catch {
    return { code: 'internal', message: text.trim() || 'the task was killed' }
  }
}

/** Reads a task to its end. What it says comes from the sandbox, so it is not trusted. Undefined if it succeeded. */
export const readTask = async (
  task: HeldProcess,
  onBytes: (bytes: Buffer) => unknown,
): Promise<{ readonly code: string; readonly message: string } | undefined> => {
  let fault = ''
  for await (const { stream, bytes } of task.output) {
    if (stream === 'stdout') await onBytes(bytes)
    else if (fault.length < FAULT_BYTES) fault += bytes.toString()
  }
  const { outcome } = await task.exit
  return outcome.type === 'exited' && outcome.exitCode === 0 ? undefined : toFault(fault)
}

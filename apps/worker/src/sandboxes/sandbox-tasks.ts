import { ERROR_STATUS, type ErrorCode, RequestError } from '@runnel/contract/public'
import { type HeldProcess, StartRefusal, type Task } from '@runnel/sandbox'
import { z } from 'zod'

const isCode = (code: string): code is ErrorCode => code in ERROR_STATUS
const failureSchema = z.object({ code: z.string().refine(isCode), message: z.string() })

/** A task says why it failed in one short line. */
const FAILURE_BYTES = 65_536

/** What a task has said about its failure, as an error for the caller. */
const toTaskError = (task: Task, stderr: Buffer): Error => {
  try {
    const { code, message } = failureSchema.parse(JSON.parse(stderr.toString()))
    return new RequestError(code, message)
  } catch (cause) {
    const said = stderr.subarray(0, 500).toString()
    return new Error(`The task ${task.name} of a sandbox failed, and did not say why: ${JSON.stringify(said)}`, {
      cause,
    })
  }
}

/** The sandbox has as many processes or terminals as it may. */
export const toRefusal = (error: StartRefusal): RequestError =>
  new RequestError(
    'too-many-requests',
    `The sandbox cannot start this: ${error.message}; end something that runs in it`,
  )

/** The task's output, piece by piece. Throws what the task said about its failure. Who stops reading stops the task. */
export async function* readTask(task: Task, process: HeldProcess): AsyncGenerator<Buffer> {
  const stderr: Buffer[] = []
  let stderrBytes = 0
  let hasEnded = false
  try {
    for await (const { stream, bytes } of process.output) {
      if (stream === 'stdout') yield bytes
      else if (stderrBytes < FAILURE_BYTES) {
        stderr.push(bytes)
        stderrBytes += bytes.length
      }
    }
    hasEnded = true
  } catch (error) {
    throw error instanceof StartRefusal ? toRefusal(error) : error
  } finally {
    if (!hasEnded) process.stop()
  }
  const { outcome } = await process.exit
  if (outcome.type === 'exited' && outcome.exitCode === 0) return
  if (outcome.type === 'out-of-memory') {
    throw new RequestError('disk-full', 'The memory of the sandbox is full: remove files, or end what runs in it')
  }
  throw toTaskError(task, Buffer.concat(stderr))
}

/** All output of a task that prints little. */
export const readAll = async (task: Task, process: HeldProcess): Promise<Buffer> => {
  const parts: Buffer[] = []
  for await (const part of readTask(task, process)) parts.push(part)
  return Buffer.concat(parts)
}

/**
 * The same output, after its first piece has come or it has ended: what fails at once is thrown here, where it can still become a
 * status.
 */
export const untilFirst = async <T>(pieces: AsyncGenerator<T>): Promise<AsyncGenerator<T>> => {
  const first = await pieces.next()
  const all = async function* () {
    try {
      if (first.done === true) return
      yield first.value
      yield* pieces
    } finally {
      await pieces.return(undefined)
    }
  }
  return all()
}

import type { Readable } from 'node:stream'
import type { Files } from '@runnel/blobs'
import type { QueuedJob } from '@runnel/contract/internal'
import { toBytes } from '@runnel/contract/public'
import type { HeldProcess, HeldSandbox } from '@runnel/sandbox'
import { readTask, WORKSPACE } from './read-task.ts'

/** Each is a process in the sandbox, so few at a time. */
const AT_ONCE = 4

const sendAll = async (task: HeldProcess, bytes: AsyncIterable<Uint8Array>): Promise<void> => {
  for await (const chunk of bytes) await task.write(chunk)
  task.end()
}

const write = async (sandbox: HeldSandbox, path: string, bytes: AsyncIterable<Uint8Array>): Promise<void> => {
  const task = sandbox.task({ name: 'write', path: `${WORKSPACE}/${path}` })
  const [fault] = await Promise.all([
    readTask(task, () => {}),
    sendAll(task, bytes).catch((error: unknown) => {
      // Its input does not end in order, so nothing of the file stays.
      task.stop()
      throw error
    }),
  ])
  if (fault !== undefined) throw new Error(`Cannot write a file of the program: ${fault.message}`)
}

async function* inOnePiece(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

/** Writes a job's files into its sandbox: those in the job, and uploaded ones as streams. */
export const placeFiles = async (
  sandbox: HeldSandbox,
  { tenantId, program, storedFiles = [] }: QueuedJob,
  files: Pick<Files, 'open'>,
): Promise<void> => {
  const inline = program.files.map(
    ({ path, encoding, content }) =>
      () =>
        write(sandbox, path, inOnePiece(toBytes({ encoding, data: content }))),
  )
  const stored = storedFiles.map(({ path, fileId }) => async () => {
    const bytes: Readable = await files.open(tenantId, fileId)
    try {
      await write(sandbox, path, bytes)
    } finally {
      bytes.destroy()
    }
  })
  const waiting = [...inline, ...stored].values()
  const work = async (): Promise<void> => {
    for (const next of waiting) await next()
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
}

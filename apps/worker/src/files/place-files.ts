import type { Readable } from 'node:stream'
import type { Files } from '@runnel/blobs'
import type { QueuedJob } from '@runnel/contract/internal'
import { toBytes } from '@runnel/contract/public'
import type { HeldSandbox } from '@runnel/sandbox'
import { writeFile } from '../sandboxes/sandbox-files.ts'
import { sayWhich } from './say-which.ts'
import { WORKSPACE } from './workspace.ts'

/** Each is a process in the sandbox, so few at a time. */
const AT_ONCE = 4

const toTask = (path: string) => ({ name: 'write', path: `${WORKSPACE}/${path}` }) as const

/** Writes a job's files into its sandbox: those in the job, and uploaded ones as streams. */
export const placeFiles = async (
  sandbox: HeldSandbox,
  { tenantId, program, storedFiles = [] }: QueuedJob,
  files: Pick<Files, 'open'>,
): Promise<void> => {
  const inline = program.files.map(
    ({ path, encoding, content }) =>
      () =>
        sayWhich(`The file "${path}"`, () => writeFile(sandbox, toTask(path), [toBytes({ encoding, data: content })])),
  )
  const stored = storedFiles.map(
    ({ path, fileId }) =>
      () =>
        sayWhich(`The file "${path}" from the upload ${fileId}`, async () => {
          const bytes: Readable = await files.open(tenantId, fileId)
          try {
            return await writeFile(sandbox, toTask(path), bytes)
          } finally {
            bytes.destroy()
          }
        }),
  )
  const waiting = [...inline, ...stored].values()
  const work = async (): Promise<void> => {
    for (const next of waiting) await next()
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
}

import { giveBack } from '@runnel/bytes'
import { fileEntrySchema, RequestError } from '@runnel/contract/public'
import type { Call, Handlers } from '@runnel/gateway/server'
import type { HeldSandbox, Task } from '@runnel/sandbox'
import { readAll, readTask, untilFirst } from './sandbox-tasks.ts'

type FileActs =
  | 'stat-file'
  | 'read-file'
  | 'write-file'
  | 'list-files'
  | 'make-directory'
  | 'move-file'
  | 'remove-file'
  | 'archive'

/** Links and `..` are the kernel's: a task is a process of the program's user, so a path reaches what a program reaches. */
export const toAbsolute = (workDir: string, path: string): string =>
  path.startsWith('/') ? path : `${workDir}/${path}`

/** Writes what comes, and nothing at all if it is cut off: the task keeps it under another name until its end. */
export const writeFile = async (
  held: HeldSandbox,
  task: Extract<Task, { name: 'write' }>,
  /** Nobody else may use them. */
  bytes: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<number> => {
  const process = held.task(task)
  let isOver = false
  const said = readAll(task, process).finally(() => {
    isOver = true
  })
  let sizeBytes = 0
  const send = async (): Promise<void> => {
    try {
      for await (const part of bytes) {
        if (isOver) return
        sizeBytes += part.length
        await process.write(part)
        giveBack(part)
      }
      process.end()
    } catch (error) {
      process.stop()
      throw error
    }
  }
  // It may be refused while no more bytes come.
  await Promise.race([send(), said])
  await said
  return sizeBytes
}

/** Throws a RequestError if it is not there, and cannot be made. */
export const makeWorkDir = async (held: HeldSandbox, path: string): Promise<void> => {
  const task = { name: 'mkdir', path } as const
  try {
    await readAll(task, held.task(task))
  } catch (error) {
    if (!(error instanceof RequestError && error.code === 'file-exists')) throw error
    const look = { name: 'stat', path, follow: true } as const
    const { type } = fileEntrySchema.parse(JSON.parse((await readAll(look, held.task(look))).toString()))
    if (type !== 'directory') throw new RequestError('not-a-directory', 'It is there, and is no folder')
  }
}

/** Work on the files of one sandbox. */
export const createFileHandlers = (held: HeldSandbox, workDir: string): Pick<Handlers, FileActs> => {
  const at = (path: string): string => toAbsolute(workDir, path)
  const stream = async (task: Task) => ({ answer: {}, body: await untilFirst(readTask(task, held.task(task))) })
  const run = async (task: Task) => {
    await readAll(task, held.task(task))
    return { answer: {} }
  }
  return {
    async 'stat-file'({ path, follow }) {
      const task = { name: 'stat', path: at(path), ...(follow === undefined ? {} : { follow }) } as const
      return { answer: fileEntrySchema.parse(JSON.parse((await readAll(task, held.task(task))).toString())) }
    },
    'read-file': ({ path, offset, length }) =>
      stream({
        name: 'read',
        path: at(path),
        ...(offset === undefined ? {} : { offset }),
        ...(length === undefined ? {} : { length }),
      }),
    async 'write-file'({ path, mode, sizeBytes: size }, { body }: Call) {
      const task = {
        name: 'write',
        path: at(path),
        ...(mode === undefined ? {} : { mode }),
        ...(size === undefined ? {} : { size }),
      } as const
      return { answer: { sizeBytes: await writeFile(held, task, body) } }
    },
    'list-files': ({ path, depth }) => stream({ name: 'list', path: at(path), depth }),
    'make-directory': ({ path }) => run({ name: 'mkdir', path: at(path) }),
    'move-file': ({ from, to }) => run({ name: 'move', from: at(from), to: at(to) }),
    'remove-file': ({ path }) => run({ name: 'remove', path: at(path) }),
    archive: ({ path, format }) => stream({ name: 'archive', path: at(path), format }),
  }
}

import { z } from 'zod'
import { textFault, utf8Length } from './text.ts'

/** The most that Linux takes for a whole path and for one name in it. */
export const SANDBOX_PATH = { bytes: 4_095, nameBytes: 255 } as const

/** Why `path` cannot name anything in a sandbox, or undefined if it can. `..` and links are followed with the program's rights. */
export const sandboxPathFault = (path: string): string | undefined => {
  if (path === '') return 'is empty'
  const text = textFault(path)
  if (text !== undefined) return text
  if (utf8Length(path) > SANDBOX_PATH.bytes) return `is longer than ${SANDBOX_PATH.bytes} bytes`
  if (path.split('/').some((name) => utf8Length(name) > SANDBOX_PATH.nameBytes))
    return `has a name longer than ${SANDBOX_PATH.nameBytes} bytes`
  return undefined
}

/** A path in a sandbox: absolute, or relative to its `workDir`. */
export const sandboxPathSchema = z.string().superRefine((path, context) => {
  const fault = sandboxPathFault(path)
  if (fault !== undefined) context.addIssue({ code: 'custom', message: `Cannot use this path: it ${fault}` })
})

/** What programs can write to in a new sandbox. Nothing in them is a link then. */
const WRITABLE_FOLDERS = ['/home/user', '/mnt/data', '/tmp', '/workspace', '/dev/shm'] as const

/** Absolute, without `.` and `..`: nothing on the way is a link yet. */
const toWhole = (workDir: string, path: string): string => {
  const names: string[] = []
  for (const name of (path.startsWith('/') ? path : `${workDir}/${path}`).split('/')) {
    if (name === '..') names.pop()
    else if (name !== '' && name !== '.') names.push(name)
  }
  return `/${names.join('/')}`
}

const placeFault = (whole: string, path: string): string | undefined => {
  if (WRITABLE_FOLDERS.some((folder) => whole.startsWith(`${folder}/`))) return undefined
  return `Cannot write "${path}": it is not below ${WRITABLE_FOLDERS.slice(0, -1).join(', ')} or ${WRITABLE_FOLDERS.at(-1)}`
}

/** The folders that `whole` is in, without the root. */
const foldersOf = (whole: string): string[] => {
  const names = whole.split('/').slice(1, -1)
  return names.map((_, at) => `/${names.slice(0, at + 1).join('/')}`)
}

/** Why a new sandbox cannot have files at all of these paths, or undefined if it can. */
export const firstFilesFault = (workDir: string, paths: readonly string[]): string | undefined => {
  const files = new Map<string, string>()
  for (const path of paths) {
    if (sandboxPathFault(path) !== undefined) return undefined // told by the schema of the path
    const whole = toWhole(workDir, path)
    const fault = placeFault(whole, path)
    if (fault !== undefined) return fault
    const other = files.get(whole)
    if (other !== undefined) return `Cannot write the files: ${JSON.stringify([other, path])} are one path`
    files.set(whole, path)
  }
  for (const [whole, what] of [...files, [toWhole('/', `${workDir}/.file`), workDir] as const]) {
    const file = foldersOf(whole).find((folder) => files.has(folder))
    if (file !== undefined)
      return `Cannot write "${files.get(file)}": it would be in the way to "${what}", as a file where a folder must be`
  }
  return undefined
}

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

/** Why a new sandbox cannot have a file at `path`, or undefined if it can. */
export const firstFileFault = (workDir: string, path: string): string | undefined => {
  if (sandboxPathFault(path) !== undefined) return undefined // told by the schema of the path
  const names: string[] = []
  for (const name of (path.startsWith('/') ? path : `${workDir}/${path}`).split('/')) {
    if (name === '..') names.pop()
    else if (name !== '' && name !== '.') names.push(name)
  }
  const whole = `/${names.join('/')}`
  if (WRITABLE_FOLDERS.some((folder) => whole.startsWith(`${folder}/`))) return undefined
  return `Cannot write "${path}": it is not below ${WRITABLE_FOLDERS.slice(0, -1).join(', ')} or ${WRITABLE_FOLDERS.at(-1)}`
}

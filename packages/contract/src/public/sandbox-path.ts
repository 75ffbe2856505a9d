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

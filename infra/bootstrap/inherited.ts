// Descriptors that our caller left open. If a daemon inherited one, that caller would wait for the daemon's end.
// Node's own are all close-on-exec, so the others are inherited. (On macOS, where there is no /proc, Node gives a child
// only the descriptors that are listed.)
import { closeSync, readdirSync, readFileSync } from 'node:fs'

const INFO = '/proc/self/fdinfo'
const CLOSE_ON_EXEC = 0o2000000
const LAST_STANDARD = 2

export const closeInherited = (): void => {
  let descriptors: number[]
  try {
    descriptors = readdirSync(INFO).map(Number)
  } catch {
    return
  }
  for (const descriptor of descriptors) if (descriptor > LAST_STANDARD && isInherited(descriptor)) closeSync(descriptor)
}

const isInherited = (descriptor: number): boolean => {
  try {
    const flags = /^flags:\s*([0-7]+)/m.exec(readFileSync(`${INFO}/${descriptor}`, 'utf8'))?.[1]
    return flags !== undefined && (Number.parseInt(flags, 8) & CLOSE_ON_EXEC) === 0
  } catch {
    // The one that read the folder is closed by now.
    return false
  }
}

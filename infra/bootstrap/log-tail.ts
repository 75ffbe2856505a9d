import { existsSync, readFileSync } from 'node:fs'

/** The last lines of a log; nothing when there is no log. */
export const readTail = (path: string, lines: number): string =>
  existsSync(path) ? readFileSync(path, 'utf8').trimEnd().split('\n').slice(-lines).join('\n') : ''

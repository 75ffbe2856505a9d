// Where a run says what it does. In front: the terminal. Detached: its log and, until it is ready, its launcher.
import { stripVTControlCharacters } from 'node:util'

/** What a detached run tells its launcher. */
export type Message = { readonly text: string } | { readonly ready: true }

export interface Terminal {
  /** As it is, at once. */
  write(text: string): void
  line(text: string): void
  /** Lets the launcher go, where there is one. */
  ready(): void
  /** Calls back when the launcher has gone before that. */
  onAbandoned(callback: () => void): void
}

/** A terminal or launcher that is gone must not end a run that has yet to clean up. */
const survive = () => {}

const tellLauncher = (message: Message): void => {
  if (process.connected) process.send?.(message, survive)
}

export const createTerminal = (): Terminal => {
  process.stdout.on('error', survive)
  process.stderr.on('error', survive)
  let isReady = false
  const write = (text: string) => {
    process.stdout.write(text)
    tellLauncher({ text })
  }
  return {
    write,
    line: (text) => write(`${text}\n`),
    ready() {
      isReady = true
      tellLauncher({ ready: true })
    },
    onAbandoned(callback) {
      process.on('disconnect', () => {
        if (!isReady) callback()
      })
    },
  }
}

/** Puts a prefix before each line of a text that arrives in pieces. Control characters of a program stay out. */
export const createPrefixer = (prefix: string, write: (text: string) => void): ((text: string) => void) => {
  let atLineStart = true
  return (text) => {
    for (const piece of stripVTControlCharacters(text)
      .replaceAll('\r', '')
      .split(/(?<=\n)/)) {
      if (piece === '') continue
      write(atLineStart ? `${prefix}${piece}` : piece)
      atLineStart = piece.endsWith('\n')
    }
  }
}

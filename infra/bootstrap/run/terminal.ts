// Where a run says what it does. In front: the terminal. Detached: its log and, until it is ready, its launcher.
import { stripVTControlCharacters } from 'node:util'

/** What a detached run sends to its launcher. */
export type Message = { readonly text: string } | { readonly ready: true }

export interface Terminal {
  /** Unchanged, at once. */
  write(text: string): void
  line(text: string): void
  /** Lets the launcher exit, if there is one. */
  ready(): void
  /** Calls back when the launcher has gone before that. */
  onAbandoned(callback: () => void): void
}

/** A run still has to clean up when its launcher is gone. */
const ignore = () => {}

const sendToLauncher = (message: Message): void => {
  if (process.connected) process.send?.(message, ignore)
}

export const createTerminal = (): Terminal => {
  let isReady = false
  const write = (text: string) => {
    process.stdout.write(text)
    sendToLauncher({ text })
  }
  return {
    write,
    line: (text) => write(`${text}\n`),
    ready() {
      isReady = true
      sendToLauncher({ ready: true })
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

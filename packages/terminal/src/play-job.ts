import type { ConnectionChange, JobEvent, Runnel } from '@runnel/client'
import type { ShownStream } from './options.ts'
import { createOutputText, type OutputEvent } from './output-text.ts'
import type { Screen } from './screen.ts'

/** What arrives after Stop was pressed is shown if it is no more than this: about a tenth of a second of work. */
const SHOWN_AFTER_STOP = 64 * 1024

/** CAN ends a sequence that was cut, the rest sets the colours back and starts a line. */
const NOTE_START = '\x18\x1b[0m\r\n\x1b[2m'
const NOTE_END = '\x1b[0m\r\n'
/** What a program leaves behind: reports of mouse and focus, bracketed paste, a cursor. */
const TIDY = '\x18\x1b[0m\x1b[?9;1000;1002;1003;1004;1005;1006;1015;2004l\x1b[?25l'

export interface PlayOptions {
  readonly client: Runnel
  readonly jobId: string
  readonly screen: Screen
  readonly stream: ShownStream
  readonly signal: AbortSignal
  readonly stopped: AbortSignal
  readonly onEvent: (event: JobEvent) => void
  readonly onConnection: (change: ConnectionChange) => void
}

const toKilobytes = (characters: number): string =>
  characters < 1024 ? `${characters} characters` : `${Math.round(characters / 1024).toLocaleString('en')} KiB`

/**
 * Shows the events of a job on a screen, from its first to `finished`. Each piece of output waits until there is room, and
 * the client asks for no more meanwhile, so a fast program waits in the log of the API and not in this page.
 *
 * After `stopped` nothing is drawn any more: what comes is kept if it is little, otherwise it is only counted, and a line says
 * how much it was.
 */
export const playJob = async (options: PlayOptions): Promise<void> => {
  const { client, jobId, screen, stream, signal, stopped, onEvent, onConnection } = options
  let text = createOutputText()
  let kept = ''
  let left = 0

  const onStop = (): void => {
    left += screen.drop()
  }
  stopped.addEventListener('abort', onStop, { once: true, signal })

  const print = async (event: OutputEvent): Promise<void> => {
    const printed = text.add(event)
    if (stream !== 'both' && event.type !== stream) return
    if (!stopped.aborted) return screen.write(printed, event.type)
    kept += printed
    if (left === 0 && kept.length <= SHOWN_AFTER_STOP) return
    left += kept.length
    kept = ''
  }
  const note = (words: string): Promise<void> => screen.write(`${NOTE_START}── ${words} ──${NOTE_END}`)
  const finish = async (): Promise<void> => {
    await screen.write(kept + text.end())
    if (left > 0) await note(`${toKilobytes(left)} of output are not shown`)
    await screen.write(TIDY)
  }

  for await (const event of client.jobs.follow(jobId, { signal, onConnection })) {
    onEvent(event)
    if (event.type === 'stdout' || event.type === 'stderr') await print(event)
    if (event.type === 'queued') screen.setTerminal(event.tty === true)
    if (event.type === 'dropped') await note('output is missing here: the server had no room for it')
    if (event.type === 'restarted') {
      text = createOutputText()
      kept = ''
      left = 0
      screen.clear()
    }
    if (event.type === 'finished') await finish()
  }
}

import type { TerminalOptions as ConnectionOptions, Outcome, Terminal } from '@runnel/client'
import type { TerminalOptions } from './options.ts'
import type { ThemeName } from './palette.ts'
import { createStage } from './stage.ts'

export type ShellState =
  | { readonly type: 'opening' }
  | { readonly type: 'open'; readonly id: string }
  /** It tries to connect again. */
  | { readonly type: 'lost' }
  | { readonly type: 'ended'; readonly outcome: Outcome }
  | { readonly type: 'failed'; readonly error: unknown }

export interface ShellOptions
  extends Pick<
    TerminalOptions,
    'theme' | 'fontFamily' | 'fontSize' | 'scrollback' | 'input' | 'isPageKey' | 'onLeave'
  > {
  /** Opens the terminal: `sandbox.pty.create` or `connect`. */
  readonly open: (options: ConnectionOptions) => Promise<Terminal>
  readonly onState?: ((state: ShellState) => void) | undefined
}

/** A terminal of a sandbox, on the page. */
export interface Shell extends Disposable {
  focus(): void
  fit(): void
  setTheme(theme: ThemeName): void
}

/**
 * Shows a terminal of a sandbox in `element`, which needs a height. Disposing it takes it off the page; the terminal goes on.
 *
 * What it showed before comes first when one connects again. xterm answers no question that is in there: it was answered then.
 */
export const attachShell = (element: HTMLElement, options: ShellOptions): Shell => {
  const { open, onState = () => {}, ...view } = options
  let terminal: Terminal | undefined
  let isDisposed = false
  let isPast = false
  let text = new TextDecoder()

  const stage = createStage(
    element,
    { ...view, header: false },
    {
      send: (typed) => terminal?.write(typed),
      // On a terminal both are characters, and the terminal gives them their meaning.
      interrupt: () => terminal?.write('\x03'),
      endInput: () => terminal?.write('\x04'),
      refused: () => stage.notices.say('Nothing reads what you type: this terminal has ended, or is not connected.'),
      stop: () => {},
      retry: () => {},
      title: () => {},
      resized: (size) => terminal?.resize(size),
      answers: () => !isPast,
      hasTerminal: () => true,
    },
  )
  const { screen } = stage
  screen.setTerminal(true)

  const show = async (bytes: Uint8Array, wasPast: boolean): Promise<void> => {
    await screen.write(text.decode(bytes, { stream: true }))
    stage.printed()
    if (wasPast) {
      await screen.parsed()
      isPast = false
    }
  }

  const run = async (): Promise<void> => {
    onState({ type: 'opening' })
    await screen.opened
    if (isDisposed) return
    const { cols, rows } = screen.xterm
    const opened = await open({
      cols,
      rows,
      onData: (bytes) => void show(bytes, isPast),
      onReset: () => {
        text = new TextDecoder()
        screen.clear()
        screen.setTerminal(true)
        isPast = true
      },
      onConnection: (state) => {
        if (state === 'lost') stage.notices.say('The connection is lost. It is tried again.')
        if (terminal !== undefined) onState(state === 'open' ? { type: 'open', id: terminal.id } : { type: 'lost' })
      },
    })
    if (isDisposed) return opened.close()
    terminal = opened
    opened.resize({ cols: screen.xterm.cols, rows: screen.xterm.rows })
    stage.setReader('terminal')
    onState({ type: 'open', id: opened.id })
    const outcome = await opened.ended
    terminal = undefined
    if (!isDisposed) onState({ type: 'ended', outcome })
  }

  run().catch((error: unknown) => {
    terminal = undefined
    if (!isDisposed) onState({ type: 'failed', error })
  })

  return {
    focus: stage.focus,
    fit: () => screen.fitting.fit(),
    setTheme: stage.setTheme,
    [Symbol.dispose]: () => {
      isDisposed = true
      terminal?.close()
      stage[Symbol.dispose]()
    },
  }
}

import { SearchAddon } from '@xterm/addon-search'
import { WebLinksAddon } from '@xterm/addon-web-links'
import { type ITheme, Terminal } from '@xterm/xterm'
import { createFitting, type Fitting } from './fit.ts'
import { addGraphemes } from './graphemes.ts'
import { guardSequences, type Policy } from './guard-sequences.ts'
import { loadFont } from './load-font.ts'
import { createPacedWriter } from './paced-writer.ts'
import { createStderrMarks, type Stream } from './stderr-marks.ts'

export interface ScreenOptions {
  readonly fontFamily: string
  /** In CSS pixels. */
  readonly fontSize: number
  /** Lines kept above the screen. */
  readonly scrollback: number
  readonly theme: ITheme
  readonly policy: Policy
  /** A link was pressed: `printed` is its text, `target` where it leads. */
  readonly onLink: (target: string, printed: string) => void
  /** The pointer is on a link, or has left it. */
  readonly onLinkHover: (target: string | undefined) => void
}

export interface Screen extends Disposable {
  readonly xterm: Terminal
  readonly fitting: Fitting
  readonly search: SearchAddon
  /** It has its font and its size. */
  readonly opened: Promise<void>
  /** Resolves when there is room for more. Waiting for it is what keeps a page responsive. */
  write(text: string, stream?: Stream): Promise<void>
  /** Resolves when all that was written is in the buffer. */
  parsed(): Promise<void>
  /** Throws away what waits to be written. Answers how many characters that were. */
  drop(): number
  /** An empty screen. What was written before and still waits is gone too. */
  clear(): void
  /** Whether the program runs on a terminal: it writes its own line ends and gets what is typed. */
  setTerminal(hasTerminal: boolean): void
}

/**
 * xterm and all that this package puts into it. It writes to `pane` and `gutter` and to nothing else on the page.
 */
export const createScreen = (pane: HTMLElement, gutter: HTMLElement, options: ScreenOptions): Screen => {
  const { fontFamily, fontSize, theme, scrollback, policy, onLink, onLinkHover } = options
  const leave = (): void => onLinkHover(undefined)
  const xterm = new Terminal({
    // The addons for graphemes and search need it.
    allowProposedApi: true,
    convertEol: true,
    cursorInactiveStyle: 'none',
    disableStdin: true,
    drawBoldTextInBrightColors: false,
    fontFamily,
    fontSize,
    fontWeightBold: 600,
    lineHeight: 1.2,
    linkHandler: {
      activate: (_, target, range) => onLink(target, textAt(xterm, range.start, range.end)),
      hover: (_, target) => onLinkHover(target),
      leave,
    },
    logLevel: 'off',
    minimumContrastRatio: 4.5,
    scrollback,
    theme,
  })
  guardSequences(xterm, policy)
  addGraphemes(xterm)
  xterm.loadAddon(
    new WebLinksAddon((_, target) => onLink(target, target), { hover: (_, target) => onLinkHover(target), leave }),
  )
  const search = new SearchAddon()
  xterm.loadAddon(search)
  const fitting = createFitting(xterm, pane)
  const marks = createStderrMarks(xterm, gutter, () => fitting.cell)
  const writer = createPacedWriter((text, parsed) => xterm.write(text, parsed))
  let stream: Stream = 'stdout'
  let isDisposed = false

  const measureAgain = (): void => {
    if (isDisposed) return
    // xterm measures only when the name changes.
    xterm.options.fontFamily = `${fontFamily}, monospace`
    xterm.options.fontFamily = fontFamily
    fitting.fit()
  }
  const open = async (): Promise<void> => {
    const font = await loadFont(fontFamily, fontSize)
    if (isDisposed) return
    xterm.open(pane)
    fitting.fit()
    void font?.late.then(measureAgain)
  }

  return {
    xterm,
    fitting,
    search,
    opened: open(),
    write: async (text, from = stream) => {
      if (text === '') return
      if (from !== stream) {
        stream = from
        writer.after(() => marks.change(from))
      }
      await writer.write(text)
    },
    parsed: () => new Promise((resolve) => writer.after(resolve)),
    drop: () => writer.drop(),
    clear: () => {
      writer.drop()
      marks.clear()
      stream = 'stdout'
      xterm.reset()
    },
    setTerminal: (hasTerminal) => {
      xterm.options.convertEol = !hasTerminal
      xterm.options.disableStdin = !hasTerminal
      xterm.options.cursorBlink = false
    },
    [Symbol.dispose]: () => {
      isDisposed = true
      writer.drop()
      fitting[Symbol.dispose]()
      marks[Symbol.dispose]()
      xterm.dispose()
    },
  }
}

interface Cell {
  readonly x: number
  readonly y: number
}

/** The text of a link on one row: OSC 8 links are found row by row. Cells count from 1. */
const textAt = (xterm: Terminal, start: Cell, end: Cell): string =>
  xterm.buffer.active.getLine(start.y - 1)?.translateToString(true, start.x - 1, end.x) ?? ''

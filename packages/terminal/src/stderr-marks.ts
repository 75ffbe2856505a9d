import type { IMarker, Terminal } from '@xterm/xterm'
import { element } from './element.ts'
import type { Cell } from './fit.ts'

export type Stream = 'stdout' | 'stderr'

/** Each marker costs a little for each line that scrolls away, so of the oldest changes of stream the marks go. */
const MOST_CHANGES = 500

interface Change {
  readonly to: Stream
  readonly marker: IMarker
  readonly column: number
}

/** Rows from `from` to `to`, both included, counted from the top of the scrollback. */
export interface Rows {
  readonly from: number
  readonly to: number
}

/** A change of stream: where it was in the buffer. A line below 0 has scrolled away. */
export interface ChangeAt {
  readonly to: Stream
  readonly line: number
  readonly column: number
}

/** Which rows have text of stderr. `end` is where the cursor is now. */
export const toMarkedRows = (
  changes: readonly ChangeAt[],
  end: { readonly line: number; readonly column: number },
): Rows[] => {
  const rows: Rows[] = []
  changes.forEach(({ to, line, column }, at) => {
    if (to !== 'stderr') return
    const next = changes[at + 1] ?? end
    if (next.line < 0) return
    const isEmpty = next.line === line && next.column === column
    // Text that ends with a line end leaves the cursor at the start of a row that is not its own.
    const last = next.column === 0 ? next.line - 1 : next.line
    const from = Math.max(line, 0)
    if (!isEmpty && last >= from) rows.push({ from, to: last })
  })
  return rows
}

export interface StderrMarks extends Disposable {
  /** Call it when the terminal has parsed all before, and nothing of `stream` yet. */
  change(stream: Stream): void
  clear(): void
}

/** Draws a thin line beside the rows that stderr wrote. Programs colour their text themselves, so the text stays as it is. */
export const createStderrMarks = (xterm: Terminal, gutter: HTMLElement, readCell: () => Cell): StderrMarks => {
  let changes: Change[] = []
  let current: Stream = 'stdout'

  let drawn = ''

  const draw = (): void => {
    const { active } = xterm.buffer
    const top = active.viewportY
    const bottom = top + xterm.rows - 1
    const end = { line: active.baseY + active.cursorY, column: active.cursorX }
    const isHidden = changes.length === 0 || active.type === 'alternate'
    const places = isHidden ? [] : changes.map(({ to, marker, column }) => ({ to, line: marker.line, column }))
    const visible = toMarkedRows(places, end)
      .filter(({ from, to }) => to >= top && from <= bottom)
      .map(({ from, to }) => ({ from: Math.max(from, top) - top, to: Math.min(to, bottom) - top }))
    const { height } = readCell()
    const key = `${height} ${JSON.stringify(visible)}`
    if (key === drawn) return
    drawn = key
    gutter.replaceChildren(
      ...visible.map(({ from, to }) => {
        const mark = element('div', { class: 'runnel-stderr' })
        mark.style.top = `${from * height}px`
        mark.style.height = `${(to - from + 1) * height}px`
        return mark
      }),
    )
  }
  const drawing = xterm.onRender(draw)

  const clear = (): void => {
    for (const { marker } of changes) marker.dispose()
    changes = []
    current = 'stdout'
  }

  return {
    change: (to) => {
      if (to === current || xterm.buffer.active.type === 'alternate') return
      current = to
      const column = xterm.buffer.active.cursorX
      changes.push({ to, marker: xterm.registerMarker(0), column })
      while (changes.length > MOST_CHANGES) changes.shift()?.marker.dispose()
    },
    clear,
    [Symbol.dispose]: () => {
      drawing.dispose()
      clear()
    },
  }
}

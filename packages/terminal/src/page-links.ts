import type { IBuffer, IBufferCellPosition, ILink, Terminal } from '@xterm/xterm'

/** A part of a line of output that a page has a use for, such as a place in the program. */
export interface LineLink {
  /** Offsets in the line. */
  readonly start: number
  readonly end: number
  /** What it does, shown while the pointer is on it. */
  readonly title: string
  readonly act: () => void
}

/** Finds the links of one line of output, as it was printed: rows that the terminal wrapped are one line. */
export type FindLinks = (line: string) => readonly LineLink[]

/** Longer lines are not searched. */
const LONGEST = 4_096

interface Line {
  readonly firstRow: number
  readonly text: string
}

/** The whole line of which `row` is a part. */
const readLine = (buffer: IBuffer, row: number): Line => {
  let firstRow = row
  while (firstRow > 0 && buffer.getLine(firstRow)?.isWrapped === true) firstRow -= 1
  let text = ''
  for (let y = firstRow; text.length <= LONGEST; y += 1) {
    const goesOn = buffer.getLine(y + 1)?.isWrapped === true
    text += buffer.getLine(y)?.translateToString(!goesOn) ?? ''
    if (!goesOn) break
  }
  return { firstRow, text }
}

/** Where the character at `offset` of the line is, from 1. A character may have two cells, and a cell several units of text. */
const toCell = (buffer: IBuffer, { firstRow }: Line, offset: number): IBufferCellPosition => {
  let left = offset
  for (let y = firstRow; ; y += 1) {
    const row = buffer.getLine(y)
    if (row === undefined) return { x: 1, y: y + 1 }
    for (let x = 0; x < row.length; x += 1) {
      const cell = row.getCell(x)
      if (cell === undefined || cell.getWidth() === 0) continue
      const units = cell.getChars().length || 1
      if (left < units) return { x: x + 1, y: y + 1 }
      left -= units
    }
  }
}

/** Makes the links of the page work on the screen. `hover` gets their titles. */
export const addPageLinks = (xterm: Terminal, find: FindLinks, hover: (title: string | undefined) => void): void => {
  const provideLinks = (y: number, give: (links: ILink[] | undefined) => void): void => {
    const buffer = xterm.buffer.active
    const line = readLine(buffer, y - 1)
    const links = line.text.length > LONGEST ? [] : find(line.text)
    give(
      links.map(({ start, end, title, act }) => ({
        text: line.text.slice(start, end),
        range: { start: toCell(buffer, line, start), end: toCell(buffer, line, end - 1) },
        activate: act,
        hover: () => hover(title),
        leave: () => hover(undefined),
      })),
    )
  }
  xterm.registerLinkProvider({ provideLinks })
}

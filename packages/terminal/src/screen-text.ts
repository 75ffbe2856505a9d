import type { IBuffer } from '@xterm/xterm'

/** The last `most` lines of a buffer as text, without empty ones at the end. Rows that the terminal wrapped are one line again. */
export const readLines = (buffer: IBuffer, most = Number.POSITIVE_INFINITY): string[] => {
  const lines: string[] = []
  let tail = ''
  for (let y = buffer.length - 1; y >= 0 && lines.length < most; y -= 1) {
    const row = buffer.getLine(y)
    const goesOn = buffer.getLine(y + 1)?.isWrapped === true
    // A row that goes on in the next one keeps its spaces at the end.
    tail = (row?.translateToString(!goesOn) ?? '') + tail
    if (row?.isWrapped === true && y > 0) continue
    if (tail !== '' || lines.length > 0) lines.push(tail)
    tail = ''
  }
  return lines.reverse()
}

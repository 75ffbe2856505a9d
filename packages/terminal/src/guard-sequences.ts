import type { Terminal } from '@xterm/xterm'

/**
 * What a program prints is hostile until shown otherwise. xterm obeys the sequences that draw. This file decides about the
 * others:
 *
 *   - clipboard (OSC 52), notifications and vendors' commands (OSC 9, 777, 1337): never;
 *   - questions that xterm answers as if the answer were typed (device attributes, status, modes, colours): only while
 *     `answers()` says so. Without a terminal there is nobody to answer, and a log that is shown again has had its answers;
 *   - reports of the mouse and the focus: only for programs on a terminal;
 *   - counts: xterm repeats some commands as often as they say, and two billion times would stop the page.
 *
 * Window commands (CSI t) and links with other schemes than http are off by xterm's own options.
 */
export interface Policy {
  /** Whether xterm may answer the program's questions now. */
  readonly answers: () => boolean
  /** Whether the program runs on a terminal. */
  readonly hasTerminal: () => boolean
}

/** Of rows and columns. xterm does these as often as they say, or as there are columns. */
const MOST_CELLS = 500
const REPEATED = ['@', 'P', 'X', 'b'] as const
/** Insert, delete and scroll lines: each one costs as much as a line that is printed. More than all of them is all of them. */
const REPEATED_ROWS = ['L', 'M', 'S', 'T'] as const
const REPEATED_TABS = ['I', 'Z'] as const
/** The same with an intermediate: scroll sideways, insert and delete columns. */
const REPEATED_SIDEWAYS = [
  { intermediates: ' ', final: '@' },
  { intermediates: ' ', final: 'A' },
  { intermediates: "'", final: '}' },
  { intermediates: "'", final: '~' },
] as const

const NEVER = [9, 52, 777, 1337]

/** Mouse (9, 1000 to 1006, 1015, 1016) and focus (1004). */
const REPORTS = new Set([9, 1000, 1001, 1002, 1003, 1004, 1005, 1006, 1015, 1016])
const FOCUS = 1004

type Params = readonly (number | number[])[]

const swallow = (): boolean => true

export const guardSequences = (
  xterm: Pick<Terminal, 'parser' | 'rows' | 'cols'>,
  { answers, hasTerminal }: Policy,
): void => {
  const { parser } = xterm
  const isQuestionUnwanted = (): boolean => !answers()

  for (const code of NEVER) parser.registerOscHandler(code, swallow)

  for (const id of [
    { final: 'c' },
    { prefix: '>', final: 'c' },
    { prefix: '=', final: 'c' },
    { prefix: '>', final: 'q' },
    { final: 'n' },
    { prefix: '?', final: 'n' },
    { intermediates: '$', final: 'p' },
    { prefix: '?', intermediates: '$', final: 'p' },
  ])
    parser.registerCsiHandler(id, isQuestionUnwanted)
  parser.registerDcsHandler({ intermediates: '$', final: 'q' }, isQuestionUnwanted)
  for (const color of [4, 10, 11, 12])
    parser.registerOscHandler(color, (data) => data.includes('?') && isQuestionUnwanted())

  parser.registerCsiHandler({ prefix: '?', final: 'h' }, (params: Params) => {
    if (!hasTerminal()) return params.some((mode) => typeof mode === 'number' && REPORTS.has(mode))
    return params.includes(FOCUS) && isQuestionUnwanted()
  })

  const isAbove =
    (readMost: () => number) =>
    ([count]: Params): boolean =>
      typeof count === 'number' && count > readMost()
  const aboveCells = isAbove(() => MOST_CELLS)
  for (const final of REPEATED) parser.registerCsiHandler({ final }, aboveCells)
  for (const id of REPEATED_SIDEWAYS) parser.registerCsiHandler(id, aboveCells)
  for (const final of REPEATED_ROWS)
    parser.registerCsiHandler(
      { final },
      isAbove(() => xterm.rows),
    )
  for (const final of REPEATED_TABS)
    parser.registerCsiHandler(
      { final },
      isAbove(() => xterm.cols),
    )
}

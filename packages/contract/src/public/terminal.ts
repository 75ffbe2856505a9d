import { z } from 'zod'

/** The size of a terminal, in characters. The defaults are those of the VT100, which programs assume when in doubt. */
export const TERMINAL = {
  /** More than any screen shows in a readable size. */
  maximum: 500,
  cols: 80,
  rows: 24,
} as const

const side = z.int().min(1).max(TERMINAL.maximum)

export const terminalSizeShape = {
  cols: side.describe(`Columns of the terminal, 1 to ${TERMINAL.maximum}.`),
  rows: side.describe(`Rows of the terminal, 1 to ${TERMINAL.maximum}.`),
}

/** What a resize carries. */
export const terminalSizeSchema = z.strictObject(terminalSizeShape)
export type TerminalSize = z.infer<typeof terminalSizeSchema>

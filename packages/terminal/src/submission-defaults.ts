import type { Submission } from '@runnel/client'
import type { Size } from './fit.ts'

/**
 * What a program in a terminal gets if the caller does not say: input that stays open, unless all of it is given, and a
 * terminal as large as the screen.
 */
export const withDefaults = (submission: Submission, size: Size | undefined): Submission => {
  const { tty, stdin, interactive = tty === true || stdin === undefined, cols, rows } = submission
  if (tty !== true || size === undefined) return { ...submission, interactive }
  return { ...submission, interactive, cols: cols ?? size.cols, rows: rows ?? size.rows }
}

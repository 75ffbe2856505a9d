import type { Tone } from '@runnel/client/run-state'
import { formatMeasured } from '@runnel/client/run-state'
import type { ReactElement } from 'react'
import { classes } from './classes.ts'
import styles from './run-line.module.css'
import { toneColor } from './tone.ts'

export interface RunLineProps {
  /** How long it waited for a worker, in ms. */
  readonly waitedMs: number
  /** How long it has run, or ran, in ms. 0 while it waits. */
  readonly ranMs: number
  /** What the whole width stands for, in ms. Lines that are compared share it. */
  readonly scaleMs: number
  readonly tone: Tone
  /** It goes on: the end of the line moves. */
  readonly isMoving?: boolean
}

/** What a single line is drawn to: the first of 1 s, 3 s, 10 s, 30 s, … that holds it, so that it grows at a steady pace. */
export const chooseScale = (totalMs: number): number => {
  let scale = 1_000
  while (scale < totalMs) scale = String(scale).startsWith('1') ? scale * 3 : (scale / 3) * 10
  return scale
}

const share = (ms: number, scaleMs: number): string => `${Math.min(100, (100 * ms) / scaleMs).toFixed(2)}%`

/** A run as a line of water, to scale: dotted while it waited, solid while it ran, with a point at its end when it is over. */
export const RunLine = ({ waitedMs, ranMs, scaleMs, tone, isMoving = false }: RunLineProps): ReactElement => {
  const isOver = !isMoving && ranMs > 0
  const words = `${formatMeasured(waitedMs)} waited, ${formatMeasured(ranMs)} ran`
  return (
    <span
      className={classes(styles.line, isMoving && styles.moving)}
      style={{ '--tone': toneColor(tone) }}
      role="img"
      aria-label={words}
      title={words}
    >
      <span className={styles.waited} style={{ width: share(waitedMs, scaleMs) }} />
      <span className={styles.ran} style={{ width: share(ranMs, scaleMs) }} />
      {isOver && <span className={styles.end} />}
    </span>
  )
}

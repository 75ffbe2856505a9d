import type { Stats } from '@runnel/contract/public'
import { type ReactElement, useEffect, useRef } from 'react'
import uPlot from 'uplot'
import { Link } from 'wouter'
import 'uplot/dist/uPlot.min.css'
import { useTheme } from '../../shell/theme.ts'
import styles from './operate.module.css'
import { type PlotData, toRunsLink } from './plot-data.ts'
import { toColumns, toOptions } from './plot-options.ts'

export interface PlotProps {
  readonly stats: Stats
  readonly plot: PlotData
  readonly times: readonly number[]
  /** The step that is looked at; undefined: all. */
  readonly step: number | undefined
  readonly onStep: (step: number) => void
}

/** The picture. Screen readers get the legend and the table instead. */
const Canvas = ({ plot, times, step, onStep }: Omit<PlotProps, 'stats'>): ReactElement => {
  const host = useRef<HTMLDivElement>(null)
  const drawn = useRef<uPlot>(undefined)
  const theme = useTheme()
  const latest = useRef({ plot, times, onStep })
  useEffect(() => {
    latest.current = { plot, times, onStep }
  })

  // The canvas takes its colours once, so another theme draws it anew.
  useEffect(() => {
    const element = host.current
    if (element === null) return
    const { plot: first, times: firstTimes } = latest.current
    const options = toOptions(first, element.clientWidth, (at) => latest.current.onStep(at))
    const made = new uPlot(options, toColumns(first, firstTimes), element)
    drawn.current = made
    const resized = new ResizeObserver(() => {
      const width = element.clientWidth
      if (width >= 20 && width !== made.width) made.setSize({ width, height: made.height })
    })
    resized.observe(element)
    return () => {
      resized.disconnect()
      made.destroy()
      drawn.current = undefined
    }
  }, [theme])

  useEffect(() => drawn.current?.setData(toColumns(plot, times)), [plot, times])

  // New data moves the place of a step.
  useEffect(() => {
    // A plot that was just made has no scale before the next frame.
    const frame = requestAnimationFrame(() => {
      const shown = drawn.current
      if (shown === undefined || shown.cursor.idx === step) return
      const at = step === undefined ? undefined : times[step]
      const left = at === undefined ? -10 : shown.valToPos(at, 'x')
      shown.setCursor({ left, top: at === undefined ? -10 : 0 }, false)
    })
    return () => cancelAnimationFrame(frame)
  }, [step, times])

  return <div ref={host} className={styles.canvas} aria-hidden="true" />
}

/** A plot and its legend, whose numbers lead to the runs behind them. */
export const Plot = ({ stats, plot, ...rest }: PlotProps): ReactElement => {
  const { step } = rest
  return (
    <figure className={styles.plot}>
      <figcaption>
        <h3>{plot.title}</h3> <span className={styles.unit}>{plot.unit}</span>
        <ul className={styles.legend}>
          {plot.lines.map(({ label, color, values, whole, filter }) => {
            const value = step === undefined ? whole : (values[step] ?? null)
            return (
              <li key={label}>
                <span className={styles.stroke} style={{ borderColor: `var(${color})` }} aria-hidden="true" />
                {label}{' '}
                {value === null || value === 0 ? (
                  <span className={styles.figure}>{value === null ? '–' : plot.format(value)}</span>
                ) : (
                  <Link href={toRunsLink(stats, filter, step)} className={styles.figure}>
                    {plot.format(value)}
                  </Link>
                )}
              </li>
            )
          })}
        </ul>
      </figcaption>
      <Canvas plot={plot} {...rest} />
    </figure>
  )
}

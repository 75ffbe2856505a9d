import type { Stats } from '@runnel/contract/public'
import { type ReactElement, useState } from 'react'
import { Link } from 'wouter'
import { Button } from '../../parts/button.tsx'
import styles from './operate.module.css'
import { type PlotData, toRunsLink, toTimes } from './plot-data.ts'

const ROWS = 30

const clock = (seconds: number): string =>
  new Date(seconds * 1000).toLocaleString('en', {
    day: 'numeric',
    month: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  })

/** The numbers of the plots, a row for each step in which something happened, newest first, in pages. */
export const StatsTable = ({
  stats,
  plots,
}: {
  readonly stats: Stats
  readonly plots: readonly PlotData[]
}): ReactElement => {
  const [page, setPage] = useState(0)
  const times = toTimes(stats)
  const lines = plots.flatMap((plot) => plot.lines.map((line) => ({ ...line, plot })))
  const steps = [...times.keys()].toReversed().filter((step) => lines.some(({ values }) => (values[step] ?? 0) > 0))
  const pages = Math.max(1, Math.ceil(steps.length / ROWS))
  const shown = Math.min(page, pages - 1)
  if (steps.length === 0) return <p className={styles.note}>Nothing happened in this time.</p>
  return (
    <>
      {/** biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls sideways, so the keys must reach it */}
      <section className={styles.wide} tabIndex={0} aria-label="Numbers by time">
        <table className={styles.numbers}>
          <thead>
            <tr>
              <th scope="col" rowSpan={2}>
                From
              </th>
              {plots.map(({ title, lines: { length } }) => (
                <th key={title} scope="colgroup" colSpan={length}>
                  {title}
                </th>
              ))}
            </tr>
            <tr>
              {lines.map(({ label, plot }) => (
                <th key={`${plot.title} ${label}`} scope="col">
                  {label}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {steps.slice(shown * ROWS, (shown + 1) * ROWS).map((step) => (
              <tr key={step}>
                <th scope="row">{clock(times[step] ?? 0)}</th>
                {lines.map(({ label, plot, values, filter }) => {
                  const value = values[step] ?? null
                  return (
                    <td key={`${plot.title} ${label}`}>
                      {value === null || value === 0 ? (
                        '–'
                      ) : (
                        <Link href={toRunsLink(stats, filter, step)}>{plot.format(value)}</Link>
                      )}
                    </td>
                  )
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      {pages > 1 && (
        <div className={styles.buttons}>
          <Button disabled={shown === 0} onClick={() => setPage(shown - 1)}>
            Newer
          </Button>
          <span className={styles.note}>
            Page {shown + 1} of {pages}
          </span>
          <Button disabled={shown === pages - 1} onClick={() => setPage(shown + 1)}>
            Older
          </Button>
        </div>
      )}
    </>
  )
}

import type { Stats } from '@runnel/contract/public'
import { type ReactElement, useId, useMemo, useState } from 'react'
import { Chip } from '../../parts/chip.tsx'
import styles from './operate.module.css'
import { Plot } from './plot.tsx'
import { sayStep, toPlots, toTimes } from './plot-data.ts'
import { StatsTable } from './stats-table.tsx'

const clock = (seconds: number): string =>
  new Date(seconds * 1000).toLocaleTimeString('en', { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })

/**
 * Four plots over one time axis. One minute is looked at in all of them: under the pointer, or with the keys of the slider.
 * The same numbers are there as a table, for those who cannot see a plot and those who want to know exactly.
 */
export const Plots = ({ stats }: { readonly stats: Stats }): ReactElement => {
  const [isTable, setTable] = useState(false)
  // A time and not a place: the plots move on.
  const [atSeconds, setAt] = useState<number>()
  const sliderId = useId()
  // Made anew only with new numbers: every move of the pointer renders, and drawing 1,440 steps takes a while.
  const times = useMemo(() => toTimes(stats), [stats])
  const plots = useMemo(() => toPlots(stats), [stats])
  const found = atSeconds === undefined ? -1 : times.indexOf(atSeconds)
  const step = found < 0 ? undefined : found
  const moment = step === undefined ? undefined : `${clock(times[step] ?? 0)}, ${sayStep(stats)}`
  return (
    <>
      <div className={styles.plotTools}>
        <Chip pressed={isTable} onClick={() => setTable(!isTable)}>
          As a table
        </Chip>
        {!isTable && (
          <>
            <label htmlFor={sliderId} className={styles.moment}>
              {moment ?? 'Slide to read one time'}
            </label>
            <input
              id={sliderId}
              type="range"
              className={styles.slider}
              aria-label="The minute that is looked at"
              aria-valuetext={moment ?? 'All of it'}
              min={0}
              max={times.length - 1}
              value={step ?? times.length - 1}
              onChange={(event) => setAt(times[Number(event.target.value)])}
            />
            {step !== undefined && (
              <button type="button" className={styles.whole} onClick={() => setAt(undefined)}>
                All of it
              </button>
            )}
          </>
        )}
      </div>
      {isTable ? (
        <StatsTable stats={stats} plots={plots} />
      ) : (
        <div className={styles.plots}>
          {plots.map((plot) => (
            <Plot
              key={plot.title}
              stats={stats}
              plot={plot}
              times={times}
              step={step}
              onStep={(at) => setAt(times[at])}
            />
          ))}
        </div>
      )}
    </>
  )
}

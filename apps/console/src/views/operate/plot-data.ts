import { formatMeasured } from '@runnel/client/run-state'
import type { OutcomeClass, Stats } from '@runnel/contract/public'

/** A line of a plot: its name, its colour as a token, its values by step, and where a value of it leads. */
export interface PlotLine {
  readonly label: string
  readonly color: string
  readonly values: readonly (number | null)[]
  /** What stands for all steps while none is looked at. */
  readonly whole: number | null
  /** The filter of the history with the runs behind a value. */
  readonly filter: string
}

export interface PlotData {
  readonly title: string
  /** What one value is. */
  readonly unit: string
  readonly isStacked?: boolean
  readonly format: (value: number) => string
  readonly lines: readonly PlotLine[]
}

const ENDS: readonly (readonly [label: string, color: string, outcomes: readonly OutcomeClass[]])[] = [
  ['Succeeded', '--ok', ['succeeded']],
  ['Failed', '--failed', ['failed', 'signaled']],
  ['Limit', '--limit', ['timed-out', 'out-of-memory', 'output-limit']],
  ['Canceled', '--canceled', ['canceled', 'sandbox-ended']],
  ['Our fault', '--ours', ['sandbox-failed']],
]

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)
const highest = (values: readonly (number | null)[]): number | null =>
  values.reduce((most, value) => (value === null || (most !== null && most >= value) ? most : value), null)

const formatNumber = (value: number): string => value.toLocaleString('en', { maximumFractionDigits: 1 })

/** How long a step is, in words. */
export const sayStep = ({ stepMs }: Pick<Stats, 'stepMs'>): string => {
  const minutes = Math.round(stepMs / 60_000)
  return minutes === 1 ? 'minute' : `${minutes} minutes`
}

/** The times of the steps, in seconds, as uPlot wants them. */
export const toTimes = ({ from, stepMs, series }: Stats): readonly number[] =>
  series.accepted.map((_, index) => (Date.parse(from) + index * stepMs) / 1000)

const endsPlot = ({ series: { ended }, totals, stepMs }: Stats): PlotData => ({
  title: 'Ended',
  unit: `runs in each ${sayStep({ stepMs })}`,
  isStacked: true,
  format: formatNumber,
  lines: ENDS.map(([label, color, outcomes]) => ({
    label,
    color,
    values: ended.succeeded.map((_, index) => sum(outcomes.map((outcome) => ended[outcome][index] ?? 0))),
    whole: sum(outcomes.map((outcome) => totals.ended[outcome])),
    filter: `outcome=${outcomes.join(',')}&by=finished`,
  })),
})

const loadPlot = ({ series: { waiting, running }, stepMs }: Stats): PlotData => ({
  title: 'Waiting and running',
  unit: `jobs, the most in each ${sayStep({ stepMs })}`,
  format: formatNumber,
  lines: [
    {
      label: 'Running',
      color: '--accent',
      values: running.highest,
      whole: highest(running.highest),
      filter: 'by=started',
    },
    {
      label: 'Waiting',
      color: '--queued',
      values: waiting.highest,
      whole: highest(waiting.highest),
      filter: 'by=submitted',
    },
  ],
})

const durationPlot = (
  title: string,
  unit: string,
  { p50, p95 }: Stats['series']['waitMs'],
  totals: Stats['totals']['waitMs'],
  by: 'started' | 'submitted',
): PlotData => ({
  title,
  unit,
  format: formatMeasured,
  lines: [
    { label: 'Half within', color: '--accent', values: p50, whole: totals.p50, filter: `by=${by}` },
    { label: '95 of 100 within', color: '--muted', values: p95, whole: totals.p95, filter: `by=${by}` },
  ],
})

/** The four plots of the operator's view, on one time axis. */
export const toPlots = (stats: Stats): readonly PlotData[] => {
  const { series, totals } = stats
  return [
    endsPlot(stats),
    loadPlot(stats),
    durationPlot('Wait', 'from submission to start', series.waitMs, totals.waitMs, 'started'),
    durationPlot(
      'First output',
      'from submission to the first output',
      series.firstOutputMs,
      totals.firstOutputMs,
      'started',
    ),
  ]
}

/** Each line on top of those before it. */
export const stack = (lines: readonly PlotLine[]): readonly (readonly number[])[] => {
  const tops: number[][] = []
  for (const { values } of lines) {
    const below = tops.at(-1)
    tops.push(values.map((value, index) => (value ?? 0) + (below?.[index] ?? 0)))
  }
  return tops
}

/** Values without a neighbour: no line goes through them, so they are drawn as points. */
export const findLonely = (values: ArrayLike<number | null | undefined>): number[] => {
  const isThere = (index: number): boolean => typeof values[index] === 'number'
  return Array.from(values, (_, index) => index).filter(
    (index) => isThere(index) && !isThere(index - 1) && !isThere(index + 1),
  )
}

/** The runs behind a value: of one step, or of all. */
export const toRunsLink = ({ from, to, stepMs }: Stats, filter: string, step: number | undefined): string => {
  const start = Date.parse(from) + (step ?? 0) * stepMs
  const end = step === undefined ? Date.parse(to) : start + stepMs
  return `/history?${filter}&from=${new Date(start).toISOString()}&to=${new Date(end).toISOString()}`
}

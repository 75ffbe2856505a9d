import uPlot from 'uplot'
import { findLonely, type PlotData, stack } from './plot-data.ts'

const HEIGHT = 148
/** All plots have this one: the pointer over one of them shows the same minute in the others. */
const SYNC = 'operate'
/** Opacity of the areas, as the last two digits of a colour. */
const AREA = 'd9'

const token = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(name).trim()

const clock = (seconds: number): string => {
  const at = new Date(seconds * 1000)
  return `${String(at.getHours()).padStart(2, '0')}:${String(at.getMinutes()).padStart(2, '0')}`
}

const copy = (values: readonly (number | null)[]): (number | null)[] => [...values]

/** The columns as uPlot wants them: the times, then each line. Stacked lines lie on those before them. */
export const toColumns = ({ lines, isStacked }: PlotData, times: readonly number[]): uPlot.AlignedData => {
  const values = isStacked === true ? stack(lines) : lines.map((line) => line.values)
  return [[...times], ...values.map(copy)]
}

const stepped = uPlot.paths.stepped?.({ align: 1, extend: true })

const toSeries = ({ lines, isStacked }: PlotData): uPlot.Series[] =>
  lines.map(({ label, color }, index) => {
    const stroke = token(color)
    if (isStacked === true)
      return {
        label,
        // The areas say it all: where nothing ended, a line would lie over those below it.
        stroke,
        width: 0,
        ...(stepped === undefined ? {} : { paths: stepped }),
        points: { show: false },
        ...(index === 0 ? { fill: stroke + AREA } : {}),
      }
    return {
      label,
      stroke,
      width: 1.25,
      points: {
        show: true,
        size: 4,
        width: 0,
        fill: stroke,
        filter: (plot, at) => findLonely(plot.data[at] ?? []),
      },
    }
  })

const toBands = ({ lines, isStacked }: PlotData): uPlot.Band[] =>
  isStacked === true
    ? lines.slice(1).map(({ color }, index) => ({ series: [index + 2, index + 1], fill: token(color) + AREA }))
    : []

/** How uPlot draws a plot, in the colours of the theme that is on now. */
export const toOptions = (plot: PlotData, width: number, onStep: (step: number) => void): uPlot.Options => {
  const muted = token('--muted')
  const grid = { stroke: token('--line'), width: 1 }
  const font = '11px "IBM Plex Mono", ui-monospace, monospace'
  return {
    width: Math.max(width, 20),
    height: HEIGHT,
    padding: [8, 24, 0, 0],
    legend: { show: false },
    cursor: {
      y: false,
      drag: { x: false, y: false, setScale: false },
      sync: { key: SYNC },
      points: { size: 6 },
      // By the pointer alone. The hook `setCursor` also comes when new data moves what lies under it.
      bind: {
        mousemove: (shown, _, handle) => (event) => {
          handle(event)
          onStep(shown.posToIdx(event.clientX - shown.rect.left))
          return null
        },
      },
    },
    scales: {
      // The last step is as wide as the others.
      x: { time: true, range: ({ data: [times] }, first, last) => [first, last + ((times[1] ?? 0) - (times[0] ?? 0))] },
      y: { range: (_, __, highest) => [0, Math.max(1, (highest ?? 0) * 1.1)] },
    },
    axes: [
      { stroke: muted, font, grid: { show: false }, ticks: grid, size: 28, values: (_, splits) => splits.map(clock) },
      {
        stroke: muted,
        font,
        grid,
        ticks: { show: false },
        size: 64,
        space: 32,
        values: (_, splits) => splits.map((value) => plot.format(value)),
      },
    ],
    series: [{}, ...toSeries(plot)],
    bands: toBands(plot),
  }
}

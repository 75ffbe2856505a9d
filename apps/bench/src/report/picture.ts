// The distribution of latencies as an SVG: for every contender, the share of its programs that were answered after a given
// time. Time is logarithmic, because contenders differ by factors. It draws on the page's own background, in colors
// that are easy to distinguish on a light and on a dark one.

/** One line of the picture. */
export interface Curve {
  readonly label: string
  /** In ascending order. */
  readonly samples: readonly number[]
}

const WIDTH = 860
const HEIGHT = 400
const MARGIN = { left: 56, right: 24, top: 48, bottom: 96 }
const PLOT = {
  left: MARGIN.left,
  right: WIDTH - MARGIN.right,
  top: MARGIN.top,
  bottom: HEIGHT - MARGIN.bottom,
}
const COLORS = ['#0a84d6', '#00a36c', '#d9822b', '#c2478f', '#7a6ff0', '#8a8f98']
const SHARES = [0, 0.25, 0.5, 0.75, 1]
const STEPS = [1, 2, 5]

const escapeText = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')

const round = (value: number): number => Math.round(value * 10) / 10

/** 1, 2, 5, 10, 20, 50 … from the last one below the values to the first one above. */
export const toTicks = (least: number, most: number): number[] => {
  const all: number[] = []
  for (let power = Math.floor(Math.log10(least)); power <= Math.ceil(Math.log10(most)); power += 1) {
    for (const step of STEPS) all.push(Number((step * 10 ** power).toPrecision(1)))
  }
  const first = all.findLastIndex((tick) => tick <= least)
  const last = all.findIndex((tick) => tick >= most)
  return all.slice(Math.max(first, 0), last < 0 ? undefined : last + 1)
}

const toMs = (tick: number): string => (tick >= 1_000 ? `${tick / 1_000} s` : `${tick} ms`)

export const drawPicture = (title: string, curves: readonly Curve[]): string => {
  const drawn = curves.filter(({ samples }) => samples.length > 0)
  const all = drawn.flatMap(({ samples }) => samples)
  const ticks = toTicks(Math.min(...all), Math.max(...all))
  const [from = 1, to = 10] = [ticks[0], ticks.at(-1)]
  const toX = (ms: number) => round(PLOT.left + (Math.log(ms / from) / Math.log(to / from)) * (PLOT.right - PLOT.left))
  const toY = (share: number) => round(PLOT.bottom - share * (PLOT.bottom - PLOT.top))

  const grid = [
    ...ticks.map(
      (tick) =>
        `<path class="grid" d="M${toX(tick)} ${PLOT.top}V${PLOT.bottom}"/>` +
        `<text x="${toX(tick)}" y="${PLOT.bottom + 18}" text-anchor="middle">${toMs(tick)}</text>`,
    ),
    ...SHARES.map(
      (share) =>
        `<path class="grid" d="M${PLOT.left} ${toY(share)}H${PLOT.right}"/>` +
        `<text x="${PLOT.left - 8}" y="${toY(share) + 4}" text-anchor="end">${share * 100} %</text>`,
    ),
  ]
  /** The line goes one step up at every sample. */
  const toPath = (samples: readonly number[]): string => {
    const [least = from] = samples
    const steps = samples.map((ms, at) => `H${toX(ms)}V${toY((at + 1) / samples.length)}`)
    return `M${toX(least)} ${toY(0)}${steps.join('')}`
  }
  const columns = 2
  const lines = drawn.map(({ label, samples }, at) => {
    const color = COLORS[at % COLORS.length]
    const x = PLOT.left + (at % columns) * ((PLOT.right - PLOT.left) / columns)
    const y = PLOT.bottom + 44 + Math.floor(at / columns) * 20
    return (
      `<path fill="none" stroke="${color}" stroke-width="2.5" d="${toPath(samples)}"/>` +
      `<path stroke="${color}" stroke-width="4" d="M${x} ${y - 4}h18"/><text x="${x + 26}" y="${y}">${escapeText(label)}</text>`
    )
  })
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escapeText(title)}">`,
    '<style>text{font:13px system-ui,sans-serif;fill:#57606a}.title{font-weight:600}.grid{stroke:#8a8f98;stroke-opacity:.3}',
    '@media(prefers-color-scheme:dark){text{fill:#b1bac4}}</style>',
    `<text class="title" x="${PLOT.left}" y="24">${escapeText(title)}</text>`,
    ...grid,
    ...lines,
    '</svg>',
    '',
  ].join('\n')
}

/** From where a wait is estimated. */
export interface JobTimes {
  /** How many jobs run. */
  readonly running: number
  /** For how long each of them has run until now, or a sample of them. */
  readonly ranMs: readonly number[]
  /** For how long the latest jobs ran. */
  readonly finishedMs: readonly number[]
}

const mean = (numbers: readonly number[]): number => numbers.reduce((sum, one) => sum + one, 0) / numbers.length

/**
 * A job that has run for a while will probably run as long as the latest jobs that ran longer than that. If none did, nobody
 * knows: it probably runs as long again as it has run already. So an estimate grows while long jobs run.
 */
const estimateLeftMs = (ranMs: number, finishedMs: readonly number[]): number => {
  const longer = finishedMs.filter((ms) => ms > ranMs)
  return longer.length === 0 ? ranMs : mean(longer) - ranMs
}

/**
 * How long a job waits that has `position` jobs before it, in ms. Each running job gives its place back when it ends, and then
 * each place is given back once per job length. Undefined if no job runs, or none has finished yet.
 */
export const estimateWaitMs = (position: number, { running, ranMs, finishedMs }: JobTimes): number | undefined => {
  if (ranMs.length === 0 || finishedMs.length === 0) return undefined
  const leftMs = ranMs.map((ms) => estimateLeftMs(ms, finishedMs))
  const jobMs = Math.max(1, mean([...finishedMs, ...ranMs.map((ms, at) => ms + (leftMs[at] ?? 0))]))
  const perSampled = running / ranMs.length
  const countFree = (atMs: number): number =>
    perSampled * leftMs.reduce((sum, ms) => sum + (ms > atMs ? 0 : 1 + Math.floor((atMs - ms) / jobMs)), 0)

  let [tooEarlyMs, enoughMs] = [-1, Math.ceil(Math.max(...leftMs) + jobMs * (position + 1))]
  while (enoughMs - tooEarlyMs > 1) {
    const middleMs = Math.floor((tooEarlyMs + enoughMs) / 2)
    if (countFree(middleMs) > position) enoughMs = middleMs
    else tooEarlyMs = middleMs
  }
  return enoughMs
}

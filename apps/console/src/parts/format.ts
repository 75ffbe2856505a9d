/** Three significant digits, without zeros that say nothing: 1.84, 30, 0.31. */
const significant = (value: number): string => {
  if (value >= 100) return String(Math.round(value))
  return String(Number(value.toPrecision(3)))
}

const UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'] as const

/** A size in words, 3 significant digits: `41 MiB`, `1.5 KiB`, `1 byte`. */
export const formatBytes = (bytes: number): string => {
  let value = bytes
  let unit = 0
  while (value >= 1023.5 && unit < UNITS.length - 1) {
    value /= 1024
    unit += 1
  }
  if (unit === 0) return bytes === 1 ? '1 byte' : `${bytes} bytes`
  return `${significant(value)} ${UNITS[unit]}`
}

/** `1 file`, `3 files`, `1,204 jobs`. */
export const formatCount = (count: number, one: string, many = `${one}s`): string =>
  `${count.toLocaleString('en')} ${count === 1 ? one : many}`

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** How long ago: `now`, `40 s ago`, `5 min ago`, `3 h ago`, `yesterday`, then the date. */
export const formatAgo = (at: Date, now: Date): string => {
  const ms = now.getTime() - at.getTime()
  if (ms < 5_000) return 'now'
  if (ms < MINUTE) return `${Math.floor(ms / 1000)} s ago`
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)} min ago`
  if (ms < DAY) return `${Math.floor(ms / HOUR)} h ago`
  if (ms < 2 * DAY) return 'yesterday'
  const sameYear = at.getFullYear() === now.getFullYear()
  return at.toLocaleDateString('en', { day: 'numeric', month: 'short', ...(sameYear ? {} : { year: 'numeric' }) })
}

/** The moment itself, to the second, in the reader's time zone. */
export const formatMoment = (at: Date): string =>
  at.toLocaleString('en', { dateStyle: 'medium', timeStyle: 'medium', hourCycle: 'h23' })

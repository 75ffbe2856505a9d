const KIB = 1024
const MIB = 1024 * KIB

const trim = (value: number, digits: number): string => String(Number(value.toFixed(digits)))

/** A time that was measured, with up to three digits: "4 ms", "0.31 s", "12.4 s", "125 s", "20 min". */
export const formatMeasured = (ms: number): string => {
  if (ms < 99.5) return `${Math.round(Math.max(0, ms))} ms`
  const seconds = ms / 1_000
  if (seconds >= 600) return `${Math.round(seconds / 60)} min`
  return `${seconds.toFixed(seconds < 10 ? 2 : seconds < 100 ? 1 : 0)} s`
}

/** A time that still grows: "4.2 s", and from 100 s without the tenth. */
export const formatGrowing = (ms: number): string => {
  const seconds = Math.max(0, ms) / 1_000
  return seconds < 100 ? `${(Math.floor(seconds * 10) / 10).toFixed(1)} s` : `${Math.floor(seconds)} s`
}

/** A time that somebody set: "250 ms", "1.5 s", "30 s". */
export const formatSet = (ms: number): string => (ms < 1_000 ? `${ms} ms` : `${trim(ms / 1_000, 3)} s`)

/** A pause that is not over: "3 s". Never "0 s". */
export const formatLeft = (ms: number): string => `${Math.max(1, Math.ceil(ms / 1_000))} s`

/** "512 bytes", "4 KiB", "256 MiB". */
export const formatBytes = (bytes: number): string => {
  if (bytes < KIB) return bytes === 1 ? '1 byte' : `${bytes} bytes`
  return bytes < MIB ? `${trim(bytes / KIB, 1)} KiB` : `${trim(bytes / MIB, bytes < 10 * MIB ? 1 : 0)} MiB`
}

/** "1st", "2nd", "11th". */
export const formatOrdinal = (n: number): string => {
  const isTeen = n % 100 >= 11 && n % 100 <= 13
  const ending = isTeen ? 'th' : (['th', 'st', 'nd', 'rd'][n % 10] ?? 'th')
  return `${n.toLocaleString('en')}${ending}`
}

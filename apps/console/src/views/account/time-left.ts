const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** A moment that is still to come: `in 3 h`, `in 12 days`, `on 27 Feb 2027`. `now` if it is over. */
export const sayTimeLeft = (at: Date, now: Date): string => {
  const left = at.getTime() - now.getTime()
  if (left < MINUTE) return 'now'
  if (left < HOUR) return `in ${Math.floor(left / MINUTE)} min`
  if (left < 2 * DAY) return `in ${Math.floor(left / HOUR)} h`
  if (left < 60 * DAY) return `in ${Math.floor(left / DAY)} days`
  return `on ${at.toLocaleDateString('en-GB', { day: 'numeric', month: 'short', year: 'numeric' })}`
}

import { type ReactElement, useSyncExternalStore } from 'react'
import { formatAgo, formatMoment } from './format.ts'

const listeners = new Set<() => void>()
let now = Date.now()
let timer: ReturnType<typeof setInterval> | undefined

/** One clock for all: it ticks while any of them is shown and the page can be seen. */
const subscribe = (tell: () => void): (() => void) => {
  if (listeners.size === 0) now = Date.now()
  listeners.add(tell)
  timer ??= setInterval(() => {
    if (document.hidden) return
    now = Date.now()
    for (const tick of listeners) tick()
  }, 5_000)
  return () => {
    listeners.delete(tell)
    if (listeners.size > 0) return
    clearInterval(timer)
    timer = undefined
  }
}

/** A moment as how long ago it was. The moment itself is shown on hover. */
export const RelativeTime = ({ at }: { readonly at: string }): ReactElement => {
  const tick = useSyncExternalStore(subscribe, () => now)
  const moment = new Date(at)
  return (
    <time dateTime={at} title={formatMoment(moment)}>
      {formatAgo(moment, new Date(Math.max(tick, moment.getTime())))}
    </time>
  )
}

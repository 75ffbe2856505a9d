import { useEffect, useState } from 'react'

/** The time now, in ms since 1970, again and again while something goes on. */
export const useNow = (isTicking: boolean, everyMs = 100): number => {
  const [now, setNow] = useState(Date.now)
  useEffect(() => {
    setNow(Date.now())
    if (!isTicking) return
    const timer = setInterval(() => setNow(Date.now()), everyMs)
    return () => clearInterval(timer)
  }, [isTicking, everyMs])
  return now
}

import type { RunState } from '@runnel/client/run-state'
import { useEffect, useState } from 'react'

const HINTED_AS = 'runnel.hint.share'

/** A hint that is given once in a browser, with the first run that ended. */
export const useShareHint = (run: RunState): boolean => {
  const [isHinted, setHinted] = useState(false)
  const hasEnded = run.phase === 'finished'
  useEffect(() => {
    if (!hasEnded) {
      setHinted(false)
      return
    }
    try {
      if (localStorage.getItem(HINTED_AS) !== null) return
      localStorage.setItem(HINTED_AS, 'given')
      setHinted(true)
    } catch {
      // Where nothing can be kept, it would come again and again.
    }
  }, [hasEnded])
  return isHinted
}

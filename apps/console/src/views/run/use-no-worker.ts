import type { RunState } from '@runnel/client/run-state'
import { useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { client } from '../../client.ts'

/** A queued run asks whether there is a worker at all when it has waited this long. */
const ASK_AFTER_MS = 1_500

/** A run waits, and no worker is there that could take it. */
export const useNoWorker = (run: RunState): boolean => {
  const [isLate, setLate] = useState(false)
  const isQueued = run.phase === 'queued'
  useEffect(() => {
    if (!isQueued) {
      setLate(false)
      return
    }
    const timer = setTimeout(() => setLate(true), ASK_AFTER_MS)
    return () => clearTimeout(timer)
  }, [isQueued])
  const { data } = useQuery({
    queryKey: ['ready'],
    queryFn: ({ signal }) => client.request<{ readonly workers: number }>('GET', '/health/ready', { signal }),
    enabled: isQueued && isLate,
    refetchInterval: 3_000,
    staleTime: 0,
  })
  return isQueued && isLate && data?.workers === 0
}

import type { Queue, Stats, WorkerList } from '@runnel/contract/public'
import { useQuery } from '@tanstack/react-query'
import { client } from '../../client.ts'
import { afterLast } from '../../parts/polling.ts'
import type { Range } from './range.tsx'

const NOW_EVERY_MS = 2_000
const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
/** Nothing changes faster than a minute in them, except the last minute. */
const STATS_EVERY_MS = 10_000

/** How far back, and in which steps: a day has more minutes than a plot has dots, so it is counted by five of them. */
const RANGES: Readonly<Record<Range, { readonly hours: number; readonly stepMs: number }>> = {
  '1 h': { hours: 1, stepMs: MINUTE_MS },
  '6 h': { hours: 6, stepMs: MINUTE_MS },
  '24 h': { hours: 24, stepMs: 5 * MINUTE_MS },
}

export const useWorkers = () =>
  useQuery({
    queryKey: ['workers'],
    queryFn: ({ signal }) => client.request<WorkerList>('GET', '/v1/workers', { signal }),
    refetchInterval: afterLast(NOW_EVERY_MS),
  })

export const useQueue = () =>
  useQuery({
    queryKey: ['queue'],
    queryFn: ({ signal }) => client.request<Queue>('GET', '/v1/queue', { signal }),
    refetchInterval: afterLast(NOW_EVERY_MS),
  })

/** Numbers up to the step that is not over yet. */
export const useStats = (range: Range) =>
  useQuery({
    queryKey: ['stats', range],
    queryFn: ({ signal }) => {
      const { hours, stepMs } = RANGES[range]
      const to = Math.ceil((Date.now() + 1) / stepMs) * stepMs
      const query = {
        from: new Date(to - hours * HOUR_MS).toISOString(),
        to: new Date(to).toISOString(),
        step: stepMs,
      }
      return client.request<Stats>('GET', '/v1/stats', { query, signal })
    },
    refetchInterval: afterLast(STATS_EVERY_MS),
  })

import type { JobPage, ListedJob } from '@runnel/contract/public'
import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { client } from '../../client.ts'
import { afterLast } from '../../parts/polling.ts'
import { type HistoryFilter, toQuery } from './filter.ts'
import { holdAt, mergeRows } from './merge-rows.ts'

/** Three screens of rows. The next page is loaded when a reader comes near the end. */
const PAGE = 100
const NEWEST_EVERY_MS = 3_000

export interface HistoryPages {
  /** Undefined until the first page is there. */
  readonly rows: readonly ListedJob[] | undefined
  /** Why there is no first page. */
  readonly error: unknown
  /** The rows are shown, and asking for more or for news failed. */
  readonly lateError: unknown
  /** Runs that are newer than the first row. */
  readonly newCount: number
  readonly hasMore: boolean
  readonly isLoadingMore: boolean
  /** If each run had to be looked at, as in a search: the oldest that was looked at is of this time. */
  readonly lookedBackTo: string | undefined
  /** The last page has less than it could: the next may look at thousands of runs for nothing, so a person asks for it. */
  readonly waitsForAsk: boolean
  loadMore(): void
  retry(): void
  /** A person reads further down, or is back at the top. */
  setReading(isReading: boolean): void
}

/** The runs that pass the filter, newest first: in pages, and with what is new. */
export const useHistoryPages = (filter: HistoryFilter): HistoryPages => {
  const query = toQuery(filter)
  const queries = useQueryClient()
  const [heldId, setHeldId] = useState<string>()
  const read = (cursor: string | undefined, signal: AbortSignal): Promise<JobPage> =>
    client.request('GET', '/v1/jobs', { query: { ...query, limit: PAGE, cursor }, signal })

  const older = useInfiniteQuery({
    queryKey: ['history', query],
    async queryFn({ pageParam, signal }) {
      const page = await read(pageParam, signal)
      if (pageParam === undefined) queries.setQueryData(['history-newest', query], page)
      return page
    },
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ next }) => next,
    // What is new is asked for below. To ask for all loaded pages again could be hundreds of requests.
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
  })
  const newest = useQuery({
    queryKey: ['history-newest', query],
    queryFn: ({ signal }) => read(undefined, signal),
    refetchInterval: afterLast(NEWEST_EVERY_MS),
    enabled: older.isSuccess,
    gcTime: 0,
  })

  const pages = older.data?.pages
  const merged = pages === undefined ? undefined : mergeRows(newest.data, pages)
  const hasGap = pages !== undefined && merged === undefined
  useEffect(() => {
    if (hasGap) void queries.resetQueries({ queryKey: ['history'] })
  }, [hasGap, queries])

  const held = merged === undefined ? undefined : holdAt(merged, heldId)
  const last = pages?.at(-1)
  return {
    rows: held?.rows,
    error: pages === undefined ? older.error : null,
    lateError: pages === undefined ? null : (older.error ?? newest.error),
    newCount: held?.newCount ?? 0,
    hasMore: older.hasNextPage,
    isLoadingMore: older.isFetchingNextPage,
    lookedBackTo: last?.lookedBackTo,
    waitsForAsk: older.isFetchNextPageError || (last?.lookedBackTo !== undefined && last.jobs.length < PAGE),
    loadMore: () => void older.fetchNextPage({ cancelRefetch: false }),
    retry: () => void older.refetch(),
    setReading: (isReading) => setHeldId((id) => (isReading ? (id ?? merged?.[0]?.id) : undefined)),
  }
}

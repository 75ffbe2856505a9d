import type { Query } from '@tanstack/react-query'

/**
 * Polls one after the other: the next request starts this long after the last was answered, so a slow server never gets a
 * second one before it has answered the first. None is sent while the page is hidden; TanStack Query takes care of that.
 */
export const afterLast =
  (ms: number) =>
  (query: Pick<Query, 'state'>): number | false =>
    query.state.fetchStatus === 'fetching' ? false : ms

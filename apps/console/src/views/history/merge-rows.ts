import type { JobPage, ListedJob } from '@runnel/contract/public'

/**
 * The rows of the history: the newest page, asked for again and again, and under it the pages that were loaded while scrolling.
 * `undefined`: so many runs are new that the two no longer meet, and the pages must be loaded again.
 */
export const mergeRows = (newest: JobPage | undefined, pages: readonly JobPage[]): readonly ListedJob[] | undefined => {
  const loaded = pages.flatMap(({ jobs }) => jobs)
  if (newest === undefined) return loaded
  const last = newest.jobs.at(-1)
  // Nothing comes after this page: it is the whole list.
  if (newest.next === undefined || last === undefined) return newest.jobs
  const end = loaded.findIndex(({ id }) => id === last.id)
  if (end >= 0) return [...newest.jobs, ...loaded.slice(end + 1)]
  // The last row of the newest page was not in the list before, for example because it only now passes the filter. The rows
  // after it are those that are older.
  const known = new Set(newest.jobs.map(({ id }) => id))
  const isNewerThanAll = loaded[0] !== undefined && last.submittedAt > loaded[0].submittedAt
  if (isNewerThanAll && !loaded.some(({ id }) => known.has(id))) return undefined
  return [...newest.jobs, ...loaded.filter(({ id, submittedAt }) => !known.has(id) && submittedAt < last.submittedAt)]
}

/**
 * While a person reads further down, nothing may move: rows newer than the one that was first then are left out and counted.
 * `undefined`: nobody reads further down.
 */
export const holdAt = (
  rows: readonly ListedJob[],
  firstId: string | undefined,
): { readonly rows: readonly ListedJob[]; readonly newCount: number } => {
  const newCount =
    firstId === undefined
      ? 0
      : Math.max(
          0,
          rows.findIndex(({ id }) => id === firstId),
        )
  return { rows: newCount === 0 ? rows : rows.slice(newCount), newCount }
}

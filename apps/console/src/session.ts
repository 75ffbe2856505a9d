import type { CallerFacts } from '@runnel/contract/public'
import { type QueryClient, queryOptions, type UseQueryResult, useQuery } from '@tanstack/react-query'
import { client } from './client.ts'

/** A session that ended, or a key that was revoked, elsewhere is noticed at the latest after this. */
const CHECKED_EVERY_MS = 30_000

/** Whether the API refused because it does not know who asks. */
export const isSignedOut = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && 'status' in error && error.status === 401

export const callerQuery = queryOptions({
  queryKey: ['caller'],
  queryFn: ({ signal }) => client.request<CallerFacts>('GET', '/v1/caller', { signal }),
  refetchInterval: CHECKED_EVERY_MS,
  refetchOnWindowFocus: 'always',
})

/** Who uses this page. An error with status 401: nobody, so they must sign in. */
export const useCaller = (): UseQueryResult<CallerFacts> => useQuery(callerQuery)

export interface Who {
  /** Who uses this page, and what they may do. Undefined while that is unknown, and without a session. */
  readonly caller: CallerFacts | undefined
  readonly isSignedOut: boolean
  /** Why it is unknown: the API does not answer. null: it is not. */
  readonly error: unknown
  /** Signed out, after having been signed in on this page: the session has ended, or the key was revoked. */
  readonly hasEnded: boolean
}

export const useWho = (): Who => {
  const { data, error } = useCaller()
  const signedOut = isSignedOut(error)
  return {
    caller: signedOut ? undefined : data,
    isSignedOut: signedOut,
    error: signedOut || data !== undefined ? null : error,
    hasEnded: signedOut && data !== undefined,
  }
}

/** Call it with any error of the API. If nobody is signed in any more, the page notices, and offers to sign in. */
export const noteRefusal = (queries: QueryClient, error: unknown): void => {
  if (isSignedOut(error)) void queries.invalidateQueries({ queryKey: callerQuery.queryKey })
}

/** After a sign-out: what was read as someone is dropped, and the page asks who it is. */
export const forgetCaller = async (queries: QueryClient): Promise<void> => {
  await queries.resetQueries({ queryKey: callerQuery.queryKey })
  queries.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== callerQuery.queryKey[0] })
}

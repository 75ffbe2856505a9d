import type { CallerFacts } from '@runnel/contract/public'
import { type QueryClient, queryOptions, useQuery } from '@tanstack/react-query'
import { client } from './client.ts'

/** A session that ended, or a key that was revoked, elsewhere is noticed at the latest after this. */
const CHECKED_EVERY_MS = 30_000
const KEY = ['caller']

/** Whether the API refused because it does not know who asks. */
export const isSignedOut = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && 'status' in error && error.status === 401

interface Answer {
  /** null: nobody is signed in. */
  readonly caller: CallerFacts | null
  /** Nobody any more: the session has ended, or the key was revoked. */
  readonly hasEnded: boolean
}

/** That nobody is signed in is an answer too, so that asking again never takes the place of what is shown. */
const callerQuery = queryOptions({
  queryKey: KEY,
  async queryFn({ signal, client: queries }): Promise<Answer> {
    try {
      return { caller: await client.request<CallerFacts>('GET', '/v1/caller', { signal }), hasEnded: false }
    } catch (error) {
      if (!isSignedOut(error)) throw error
      const before = queries.getQueryData<Answer>(KEY)
      return { caller: null, hasEnded: before !== undefined && (before.hasEnded || before.caller !== null) }
    }
  },
  refetchInterval: CHECKED_EVERY_MS,
  refetchOnWindowFocus: 'always',
})

export interface Who {
  /** Who uses this page, and what they may do. Undefined while that is unknown, and if nobody is signed in. */
  readonly caller: CallerFacts | undefined
  readonly isSignedOut: boolean
  /** Signed out after having been signed in on this page, and not by choice. */
  readonly hasEnded: boolean
  /** Why it is unknown: the API does not answer. null: it is not. */
  readonly error: unknown
  askAgain(): void
}

export const useWho = (): Who => {
  const { data, error, refetch } = useQuery(callerQuery)
  return {
    caller: data?.caller ?? undefined,
    isSignedOut: data !== undefined && data.caller === null,
    hasEnded: data?.hasEnded ?? false,
    error: data === undefined ? error : null,
    askAgain: () => void refetch(),
  }
}

/** Call it with any error of the API. If nobody is signed in any more, the page notices, and offers to sign in. */
export const noteRefusal = (queries: QueryClient, error: unknown): void => {
  if (isSignedOut(error)) void queries.invalidateQueries({ queryKey: KEY })
}

/** Sends the key once. Afterwards the browser has a cookie in its place, which no script can read. What is shown stays. */
export const openSession = async (queries: QueryClient, key: string): Promise<void> => {
  const headers = { authorization: `Bearer ${key}` }
  const caller = await client.request<CallerFacts>('POST', '/v1/sessions', { headers })
  queries.setQueryData<Answer>(KEY, { caller, hasEnded: false })
}

export const signIn = async (queries: QueryClient, key: string): Promise<void> => {
  await openSession(queries, key)
  // What was read as someone else, or refused, is read anew.
  await queries.resetQueries({ predicate: ({ queryKey }) => queryKey[0] !== KEY[0] })
}

/** After a sign-out: what was read as someone is dropped. */
export const forgetCaller = (queries: QueryClient): void => {
  queries.setQueryData<Answer>(KEY, { caller: null, hasEnded: false })
  queries.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== KEY[0] })
}

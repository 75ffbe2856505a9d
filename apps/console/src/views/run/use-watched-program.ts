import type { JobProgram } from '@runnel/client'
import { useQuery } from '@tanstack/react-query'
import { client } from '../../client.ts'
import type { Draft } from './draft/draft.ts'
import { fromProgram } from './draft/from-program.ts'

export interface WatchedProgram {
  readonly program: JobProgram | undefined
  /** The program as it ran, to be read. */
  readonly draft: Draft | undefined
  readonly error: unknown
  readonly retry: () => void
}

/** The program of a run that was not made from what is typed here; nothing without an id. */
export const useWatchedProgram = (jobId: string | undefined): WatchedProgram => {
  const { data, error, refetch } = useQuery({
    queryKey: ['program', jobId],
    queryFn: async ({ signal }) => {
      const program = await client.jobs.program(jobId ?? '', { signal })
      return { program, draft: fromProgram(program) }
    },
    enabled: jobId !== undefined,
    // It never changes.
    staleTime: Number.POSITIVE_INFINITY,
  })
  return {
    program: jobId === undefined ? undefined : data?.program,
    draft: jobId === undefined ? undefined : data?.draft,
    error: jobId === undefined ? undefined : (error ?? undefined),
    retry: () => void refetch(),
  }
}

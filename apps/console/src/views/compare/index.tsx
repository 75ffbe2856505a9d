import { useQuery } from '@tanstack/react-query'
import type { ReactElement } from 'react'
import { Link, useSearch } from 'wouter'
import { client } from '../../client.ts'
import { Empty, Failed, Loading } from '../../parts/notice.tsx'
import { useTitle } from '../../parts/use-title.ts'
import styles from './compare.module.css'
import { ComparedRuns } from './compared-runs.tsx'
import type { ComparedRun } from './facts.ts'

const isNotFound = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && 'status' in error && error.status === 404

/** A program may be gone while its job is still known: the job is compared then without its code. */
const readRun = async (id: string, signal: AbortSignal): Promise<ComparedRun> => {
  const [job, program] = await Promise.all([
    client.jobs.get(id, { signal }),
    client.jobs.program(id, { signal }).catch((error: unknown) => {
      if (isNotFound(error)) return undefined
      throw error
    }),
  ])
  return { job, program }
}

const useRun = (id: string) =>
  useQuery({
    queryKey: ['compared-run', id],
    queryFn: ({ signal }) => readRun(id, signal),
    enabled: id !== '',
    // It goes on while one of them runs.
    refetchInterval: ({ state }) => (state.data === undefined || state.data.job.status === 'finished' ? false : 2_000),
  })

/** Two runs, side by side. */
const Compare = (): ReactElement => {
  useTitle('Compare two runs')
  const query = new URLSearchParams(useSearch())
  const [a, b] = [query.get('a') ?? '', query.get('b') ?? '']
  const [left, right] = [useRun(a), useRun(b)]
  const failed = [left, right].find(({ isError }) => isError)

  if (a === '' || b === '')
    return (
      <Empty title="Two runs are needed.">
        <p>
          Choose two in the <Link href="/history">history</Link>, then press Compare.
        </p>
      </Empty>
    )
  if (failed !== undefined)
    return (
      <Failed
        what="The two runs could not be read"
        error={failed.error}
        retry={() => void Promise.all([left.refetch(), right.refetch()])}
      >
        <Link href="/history">Back to the history</Link>
      </Failed>
    )
  if (left.data === undefined || right.data === undefined) return <Loading what="Reading both runs…" />
  return (
    <section className={styles.view} aria-labelledby="compare-title">
      <header className={styles.header}>
        <h1 id="compare-title">Compare two runs</h1>
        <Link href="/history">Back to the history</Link>
      </header>
      <ComparedRuns a={left.data} b={right.data} />
    </section>
  )
}

export default Compare

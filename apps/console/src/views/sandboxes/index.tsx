import type { SandboxPage } from '@runnel/client'
import { useInfiniteQuery } from '@tanstack/react-query'
import type { ReactElement } from 'react'
import { Link } from 'wouter'
import { client } from '../../client.ts'
import { Button } from '../../parts/button.tsx'
import { Empty, Failed, Loading } from '../../parts/notice.tsx'
import { afterLast } from '../../parts/polling.ts'
import { RelativeTime } from '../../parts/relative-time.tsx'
import { StateGlyph } from '../../parts/state-glyph.tsx'
import { useNow } from '../../parts/use-now.ts'
import { useTitle } from '../../parts/use-title.ts'
import { MakeSandbox } from './make-sandbox.tsx'
import { describeSandbox, nameOf } from './sandbox-words.ts'
import styles from './sandboxes.module.css'

const POLL_MS = 5_000

type Listed = SandboxPage['sandboxes'][number]

const Row = ({ sandbox, nowMs }: { readonly sandbox: Listed; readonly nowMs: number }): ReactElement => {
  const { tone, words } = describeSandbox(sandbox, nowMs)
  return (
    <tr className={sandbox.status === 'ended' ? styles.past : undefined}>
      <th scope="row">
        <Link href={`/s/${sandbox.id}`}>{nameOf(sandbox)}</Link>
      </th>
      <td>{sandbox.template}</td>
      <td>
        <span className={styles.state}>
          <StateGlyph tone={tone} />
          {words}
        </span>
      </td>
      <td>
        <RelativeTime at={sandbox.createdAt} />
      </td>
    </tr>
  )
}

/** The sandboxes of the tenant, the newest first. */
const Sandboxes = (): ReactElement => {
  useTitle('Sandboxes')
  const nowMs = useNow(true, 1_000)
  const pages = useInfiniteQuery({
    queryKey: ['sandboxes'],
    initialPageParam: '',
    queryFn: ({ pageParam, signal }) =>
      client.request<SandboxPage>('GET', '/v1/sandboxes', {
        query: { cursor: pageParam === '' ? undefined : pageParam },
        signal,
      }),
    getNextPageParam: ({ next }) => next,
    refetchInterval: afterLast(POLL_MS),
  })
  const rows = pages.data?.pages.flatMap(({ sandboxes }) => sandboxes)
  return (
    <section className={styles.view} aria-labelledby="sandboxes-title">
      <header className={styles.header}>
        <h1 id="sandboxes-title">Sandboxes</h1>
        <MakeSandbox />
      </header>
      {rows === undefined && !pages.isError && <Loading what="Asking for the sandboxes…" />}
      {rows === undefined && pages.isError && (
        <Failed what="The sandboxes could not be read" error={pages.error} retry={() => void pages.refetch()} />
      )}
      {rows?.length === 0 && (
        <Empty title="There is no sandbox.">
          <p>A sandbox keeps its files and what runs in it, until you end it or its time is over.</p>
        </Empty>
      )}
      {rows !== undefined && rows.length > 0 && (
        <div className={styles.scroller}>
          <table className={styles.table}>
            <thead>
              <tr>
                <th scope="col">Name</th>
                <th scope="col">Template</th>
                <th scope="col">State</th>
                <th scope="col">Made</th>
              </tr>
            </thead>
            <tbody>
              {rows.map((sandbox) => (
                <Row key={sandbox.id} sandbox={sandbox} nowMs={nowMs} />
              ))}
            </tbody>
          </table>
          {pages.hasNextPage && (
            <Button disabled={pages.isFetchingNextPage} onClick={() => void pages.fetchNextPage()}>
              More
            </Button>
          )}
        </div>
      )}
    </section>
  )
}

export default Sandboxes

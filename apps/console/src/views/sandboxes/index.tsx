import type { SandboxPage } from '@runnel/client'
import { useInfiniteQuery } from '@tanstack/react-query'
import type { ReactElement } from 'react'
import { Link } from 'wouter'
import { client } from '../../client.ts'
import { ListPage } from '../../parts/list-page.tsx'
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
  return (
    <ListPage
      title="Sandboxes"
      what="sandboxes"
      action={<MakeSandbox />}
      pages={pages}
      rows={pages.data?.pages.flatMap(({ sandboxes }) =>
        sandboxes.map((sandbox) => <Row key={sandbox.id} sandbox={sandbox} nowMs={nowMs} />),
      )}
      columns={['Name', 'Template', 'State', 'Made']}
      empty={{
        title: 'There is no sandbox.',
        hint: 'A sandbox keeps its files and what runs in it, until you end it or its time is over.',
      }}
    />
  )
}

export default Sandboxes

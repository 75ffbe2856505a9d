import { RunnelApiError, Sandbox, type SandboxInfo } from '@runnel/client'
import { useQuery } from '@tanstack/react-query'
import type { ReactElement } from 'react'
import { Link } from 'wouter'
import { Empty, Failed, Loading } from '../../parts/notice.tsx'
import { afterLast } from '../../parts/polling.ts'
import { useNow } from '../../parts/use-now.ts'
import { useTitle } from '../../parts/use-title.ts'
import { describeSandbox, nameOf } from '../sandboxes/sandbox-words.ts'
import { Bar } from './bar.tsx'
import { FilePane } from './file-pane.tsx'
import styles from './sandbox.module.css'
import { WorkPane } from './work-pane.tsx'

const POLL_MS = 5_000

const toAnotherOne = (
  <p>
    <Link href="/sandboxes">All sandboxes</Link>
  </p>
)

const Living = ({ sandbox, info }: { readonly sandbox: Sandbox; readonly info: SandboxInfo }): ReactElement => {
  const nowMs = useNow(true, 1_000)
  if (info.status === 'ended') {
    const { words } = describeSandbox(info, nowMs)
    return (
      <Empty title={`${words}.`}>
        <p>Its files are gone. What its commands in the foreground printed is in the history.</p>
        {toAnotherOne}
      </Empty>
    )
  }
  return (
    <>
      <Bar sandbox={sandbox} info={info} nowMs={nowMs} />
      {info.status === 'queued' && <Loading what="It waits for a worker…" />}
      {info.status === 'paused' && (
        <Empty title="It is paused.">
          <p>Its memory is kept, and nothing in it runs. Resume it to go on where it was.</p>
        </Empty>
      )}
      {info.status === 'running' && (
        <div className={styles.body}>
          <FilePane sandbox={sandbox} workDir={info.workDir} />
          <WorkPane sandbox={sandbox} />
        </div>
      )}
    </>
  )
}

/** One sandbox: its files, its terminals and what ran in it. */
const SandboxView = ({ id }: { readonly id: string }): ReactElement => {
  const connected = useQuery({
    queryKey: ['sandbox', id, 'connection'],
    queryFn: ({ signal }) => Sandbox.connect(id, { signal }),
    staleTime: Infinity,
  })
  const sandbox = connected.data
  const info = useQuery({
    queryKey: ['sandbox', id],
    queryFn: ({ signal }) => sandbox?.getInfo({ signal }),
    enabled: sandbox !== undefined,
    refetchInterval: afterLast(POLL_MS),
  })
  useTitle(info.data === undefined ? 'Sandbox' : nameOf(info.data))
  const error = connected.error ?? (info.data === undefined ? info.error : null)
  if (error instanceof RunnelApiError && (error.status === 404 || error.status === 400))
    return (
      <Empty title="There is no such sandbox.">
        <p>One that has ended is kept in the list only for a while.</p>
        {toAnotherOne}
      </Empty>
    )
  if (error !== null)
    return (
      <Failed
        what="The sandbox could not be read"
        error={error}
        retry={() => void (sandbox === undefined ? connected.refetch() : info.refetch())}
      />
    )
  if (sandbox === undefined || info.data === undefined) return <Loading what="Asking for the sandbox…" />
  return (
    <section className={styles.view} aria-label={`Sandbox ${nameOf(info.data)}`}>
      <Living sandbox={sandbox} info={info.data} />
    </section>
  )
}

export default SandboxView

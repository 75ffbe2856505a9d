import type { CallerFacts, Session, SessionList } from '@runnel/contract/public'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type ReactElement, useState } from 'react'
import { Link } from 'wouter'
import { client } from '../../client.ts'
import { Button } from '../../parts/button.tsx'
import { Dialog } from '../../parts/dialog.tsx'
import { formatCount } from '../../parts/format.ts'
import { Failed, Loading, sayError } from '../../parts/notice.tsx'
import { RelativeTime } from '../../parts/relative-time.tsx'
import { UnknownCaller } from '../../parts/unknown-caller.tsx'
import { useTitle } from '../../parts/use-title.ts'
import { forgetCaller, useWho } from '../../session.ts'
import styles from './account.module.css'
import { sayTimeLeft } from './time-left.ts'

/** Ends a session, or all of the same key if there is no id. One's own is ended too: the page asks who it is. */
const useEnd = () => {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (session: Session | undefined) =>
      client.request('DELETE', session === undefined ? '/v1/sessions' : `/v1/sessions/${session.id}`),
    onSuccess: (_, session) =>
      session === undefined || session.isCurrent
        ? forgetCaller(queries)
        : queries.invalidateQueries({ queryKey: ['sessions'] }),
  })
}

const SessionRow = ({
  session,
  onEnd,
}: {
  readonly session: Session
  readonly onEnd: (session: Session) => void
}): ReactElement => (
  <li className={styles.session}>
    <span className={styles.device}>
      {session.device}
      {session.isCurrent && <strong> (this browser)</strong>}
    </span>
    <span className={styles.fact}>
      used <RelativeTime at={session.lastUsedAt} />
    </span>
    <span className={styles.fact}>
      signed in <RelativeTime at={session.createdAt} />
    </span>
    <span className={styles.fact}>ends {sayTimeLeft(new Date(session.expiresAt), new Date())}</span>
    <Button onClick={() => onEnd(session)} aria-label={session.isCurrent ? 'Sign out' : `End ${session.device}`}>
      {session.isCurrent ? 'Sign out' : 'End'}
    </Button>
  </li>
)

const Sessions = (): ReactElement => {
  const [asksForAll, askForAll] = useState(false)
  const end = useEnd()
  const list = useQuery({
    queryKey: ['sessions'],
    queryFn: ({ signal }) => client.request<SessionList>('GET', '/v1/sessions', { signal }),
  })
  if (list.data === undefined)
    return list.isError ? (
      <Failed what="The sessions could not be read" error={list.error} retry={() => void list.refetch()} />
    ) : (
      <Loading what="Asking for your sessions…" />
    )
  const { sessions } = list.data
  return (
    <section className={styles.part} aria-labelledby="sessions-title">
      <h2 id="sessions-title">Signed in with this key</h2>
      <ul>
        {sessions.map((session) => (
          <SessionRow key={session.id} session={session} onEnd={end.mutate} />
        ))}
      </ul>
      {end.isError && (
        <p role="alert" className={styles.fault}>
          {sayError(end.error)}
        </p>
      )}
      {sessions.length > 1 && (
        <div>
          <Button kind="danger" onClick={() => askForAll(true)}>
            End all
          </Button>
        </div>
      )}
      <Dialog
        title={`End all ${formatCount(sessions.length, 'session')}?`}
        isOpen={asksForAll}
        onClose={() => askForAll(false)}
      >
        <div className={styles.dialog}>
          <p>Every browser that was signed in with this key is signed out within five seconds, this one too.</p>
          <div className={styles.buttons}>
            <Button kind="danger" disabled={end.isPending} onClick={() => end.mutate(undefined)}>
              End all
            </Button>
            <Button kind="quiet" onClick={() => askForAll(false)}>
              Leave them
            </Button>
          </div>
        </div>
      </Dialog>
    </section>
  )
}

const Facts = ({ caller: { tenant, scopes, key } }: { readonly caller: CallerFacts }): ReactElement => (
  <dl className={styles.facts}>
    <dt>Tenant</dt>
    <dd>
      <code>{tenant}</code>
    </dd>
    <dt>Key</dt>
    <dd>
      {key === null ? (
        'None yet: this system serves this machine only.'
      ) : (
        <>
          {key.name} <code>rnl_{key.id}</code>
        </>
      )}
    </dd>
    <dt>May</dt>
    <dd>{scopes.join(', ')}</dd>
  </dl>
)

/** Who uses this page, and from where else the same key is used. */
const Account = (): ReactElement => {
  useTitle('Who you are')
  const { caller } = useWho()
  if (caller === undefined) return <UnknownCaller />
  return (
    <div className={styles.view}>
      <h1>Who you are</h1>
      <Facts caller={caller} />
      {caller.key === null ? (
        <p>
          <Link href="/ops/keys">Make a key</Link> to let others in. From then on everybody needs one.
        </p>
      ) : (
        <Sessions />
      )}
    </div>
  )
}

export default Account

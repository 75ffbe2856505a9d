import { useQuery } from '@tanstack/react-query'
import type { ReactElement } from 'react'
import { Failed } from '../notice.tsx'
import { afterLast } from '../polling.ts'
import { listRequests } from './preview-calls.ts'
import styles from './preview-pane.module.css'

const POLL_MS = 1_000
const time = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' })

/** The requests that came to a preview, the newest first. */
export const RequestList = ({
  sandboxId,
  port,
}: {
  readonly sandboxId: string
  readonly port: number
}): ReactElement => {
  const requests = useQuery({
    queryKey: ['sandbox', sandboxId, 'requests'],
    queryFn: ({ signal }) => listRequests(sandboxId, signal),
    refetchInterval: afterLast(POLL_MS),
  })
  if (requests.isError)
    return <Failed what="The requests could not be read" error={requests.error} retry={() => void requests.refetch()} />
  const own = (requests.data ?? []).filter((request) => request.port === port).toReversed()
  if (own.length === 0) return <p className={styles.hint}>No request has come yet.</p>
  return (
    <div className={styles.requests}>
      <table>
        <caption>Requests, the newest first</caption>
        <thead>
          <tr>
            <th scope="col">When</th>
            <th scope="col">Request</th>
            <th scope="col">Answer</th>
            <th scope="col">Took</th>
          </tr>
        </thead>
        <tbody>
          {own.map(({ id, at, method, path, status, durationMs }) => (
            <tr key={id}>
              <td>{time.format(new Date(at))}</td>
              <td className={styles.path} title={path}>
                {method} {path}
              </td>
              <td>{status ?? 'none'}</td>
              <td>{durationMs} ms</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

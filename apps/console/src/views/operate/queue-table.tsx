import { formatMeasured } from '@runnel/client/run-state'
import type { Queue, QueuedTenant } from '@runnel/contract/public'
import type { ReactElement } from 'react'
import { Link } from 'wouter'
import { formatCount } from '../../parts/format.ts'
import { SpokenOnly } from '../../parts/spoken-only.tsx'
import { useNow } from '../../parts/use-now.ts'
import { useWho } from '../../session.ts'
import styles from './operate.module.css'

const TenantRow = ({
  tenant,
  nowMs,
  isOwn,
}: {
  readonly tenant: QueuedTenant
  readonly nowMs: number
  readonly isOwn: boolean
}): ReactElement => {
  const { waiting, running, oldestAt, waitingBound, runningBound } = tenant
  // Only the runs of one's own tenant can be listed.
  const leading = (count: number, status: string) =>
    isOwn && count > 0 ? <Link href={`/history?status=${status}`}>{count}</Link> : count
  return (
    <tr>
      <th scope="row">{tenant.tenant}</th>
      <td data-label="Waiting" className={styles.figure}>
        {leading(waiting, 'queued')}
        <span className={styles.bound}> of {waitingBound.toLocaleString('en')}</span>
      </td>
      <td data-label="Oldest" className={styles.figure}>
        {oldestAt === null ? '–' : formatMeasured(Math.max(0, nowMs - Date.parse(oldestAt)))}
      </td>
      <td data-label="Running" className={styles.figure}>
        {leading(running, 'running')}
        <span className={styles.bound}> of {runningBound.toLocaleString('en')}</span>
      </td>
      <td data-label="Limits" className={styles.act}>
        <Link href={`/ops/keys?tenant=${tenant.tenant}`} aria-label={`Limits of ${tenant.tenant}`}>
          Limits
        </Link>
      </td>
    </tr>
  )
}

/** Who waits and runs, tenant by tenant. */
export const QueueTable = ({ queue }: { readonly queue: Queue }): ReactElement => {
  const { caller } = useWho()
  const nowMs = useNow(queue.waiting > 0, 1_000)
  return (
    <>
      {queue.tenants.length === 0 ? (
        <p className={styles.note}>Nothing waits or runs. Room for {formatCount(queue.waitingBound, 'job')}.</p>
      ) : (
        <table className={styles.table}>
          <thead>
            <tr>
              <th scope="col">Tenant</th>
              <th scope="col">Waiting</th>
              <th scope="col">Oldest</th>
              <th scope="col">Running</th>
              <th scope="col">
                <SpokenOnly>Its limits</SpokenOnly>
              </th>
            </tr>
          </thead>
          <tbody>
            {queue.tenants.map((tenant) => (
              <TenantRow key={tenant.tenant} tenant={tenant} nowMs={nowMs} isOwn={tenant.tenant === caller?.tenant} />
            ))}
          </tbody>
        </table>
      )}
      {queue.tenantsLeftOut > 0 && (
        <p className={styles.note}>{formatCount(queue.tenantsLeftOut, 'more tenant')} with fewer jobs.</p>
      )}
    </>
  )
}

import type { Worker, WorkerList } from '@runnel/contract/public'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type ReactElement, useState } from 'react'
import { client } from '../../client.ts'
import { Button } from '../../parts/button.tsx'
import { Empty, sayError } from '../../parts/notice.tsx'
import { RelativeTime } from '../../parts/relative-time.tsx'
import { SpokenOnly } from '../../parts/spoken-only.tsx'
import { StateGlyph } from '../../parts/state-glyph.tsx'
import { DrainDialog } from './drain-dialog.tsx'
import styles from './operate.module.css'
import { describeWorker, toSquares } from './worker-words.ts'

const Squares = ({ worker }: { readonly worker: Worker }): ReactElement => (
  <span className={styles.squares}>
    <span aria-hidden="true" className={styles.squareRow}>
      {toSquares(worker).map((kind, index) => (
        // Squares have no name but their place.
        <span key={index} className={styles[kind]} />
      ))}
    </span>
    <span>
      {worker.busy} of {worker.concurrency} busy
      {worker.alive && `, ${worker.pool.idle} warm`}
    </span>
  </span>
)

/** Takes a worker back after a drain. */
const useResume = () => {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (id: string) => client.request<Worker>('POST', `/v1/workers/${encodeURIComponent(id)}/resume`),
    onSettled: () => queries.invalidateQueries({ queryKey: ['workers'] }),
  })
}

const Act = ({ worker, onDrain }: { readonly worker: Worker; readonly onDrain: () => void }): ReactElement | null => {
  const resume = useResume()
  if (!worker.alive) return null
  if (!worker.drained)
    return (
      <Button kind="quiet" onClick={onDrain} aria-label={`Drain ${worker.host}`}>
        Drain
      </Button>
    )
  return (
    <>
      <Button
        kind="quiet"
        disabled={resume.isPending}
        onClick={() => resume.mutate(worker.id)}
        aria-label={`Take ${worker.host} back`}
      >
        Take back
      </Button>
      {resume.isError && <p className={styles.fault}>{sayError(resume.error)}</p>}
    </>
  )
}

const NoWorker = (): ReactElement => (
  <Empty title="No worker is alive.">
    <p>Jobs wait until one starts:</p>
    <pre className={styles.command}>npm start -- --workers 1</pre>
    <p>With compose:</p>
    <pre className={styles.command}>docker compose up --detach --scale worker=1</pre>
  </Empty>
)

const WorkerRow = ({ worker, onDrain }: { readonly worker: Worker; readonly onDrain: () => void }): ReactElement => {
  const { words, tone } = describeWorker(worker)
  return (
    <tr>
      <th scope="row" title={worker.id}>
        {worker.host} <span className={styles.short}>{worker.id.replace(`${worker.host}-`, '')}</span>
      </th>
      <td>
        <span className={styles.state}>
          <StateGlyph tone={tone} />
          {words}
        </span>
        {worker.reason !== undefined && <p className={styles.reason}>{worker.reason}</p>}
        {worker.isolation.reason !== undefined && <p className={styles.reason}>{worker.isolation.reason}</p>}
      </td>
      <td data-label="Sandboxes">
        <Squares worker={worker} />
      </td>
      <td data-label="Version" className={styles.figure}>
        {worker.version}
      </td>
      <td data-label="Started">
        <RelativeTime at={worker.startedAt} />
      </td>
      <td data-label="Last seen">
        <RelativeTime at={worker.lastSeenAt} />
      </td>
      <td className={styles.act}>
        <Act worker={worker} onDrain={onDrain} />
      </td>
    </tr>
  )
}

/** The workers that are alive, and those that were lost within the last hour. */
export const WorkerTable = ({ list }: { readonly list: WorkerList }): ReactElement => {
  const [drainId, setDrainId] = useState<string>()
  const { workers, leftOut } = list
  const drained = workers.find(({ id }) => id === drainId)
  return (
    <>
      {!workers.some(({ alive }) => alive) && <NoWorker />}
      {workers.length > 0 && (
        <table className={styles.table}>
          <thead>
            <tr>
              <th scope="col">Worker</th>
              <th scope="col">State</th>
              <th scope="col">Sandboxes</th>
              <th scope="col">Version</th>
              <th scope="col">Started</th>
              <th scope="col">Last seen</th>
              <th scope="col">
                <SpokenOnly>Drain or take back</SpokenOnly>
              </th>
            </tr>
          </thead>
          <tbody>
            {workers.map((worker) => (
              <WorkerRow key={worker.id} worker={worker} onDrain={() => setDrainId(worker.id)} />
            ))}
          </tbody>
        </table>
      )}
      {leftOut > 0 && <p className={styles.note}>{leftOut} more workers are not shown.</p>}
      <DrainDialog worker={drained} workers={workers} onClose={() => setDrainId(undefined)} />
    </>
  )
}

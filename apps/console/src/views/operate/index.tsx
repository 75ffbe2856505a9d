import { type ReactElement, useState } from 'react'
import { Failed, Loading } from '../../parts/notice.tsx'
import { useTitle } from '../../parts/use-title.ts'
import { useWho } from '../../session.ts'
import { NeedsAdmin } from './needs-admin.tsx'
import styles from './operate.module.css'
import { OpsHead } from './ops-head.tsx'
import { Overview } from './overview-line.tsx'
import { Plots } from './plots.tsx'
import { useQueue, useStats, useWorkers } from './polls.ts'
import { QueueTable } from './queue-table.tsx'
import { DEFAULT_RANGE, type Range, RangeChoice } from './range.tsx'
import { WorkerTable } from './worker-table.tsx'

/** The system now, and over the last hours. Each part asks for itself: one that fails leaves the others. */
const System = (): ReactElement => {
  const [range, setRange] = useState<Range>(DEFAULT_RANGE)
  const workers = useWorkers()
  const queue = useQueue()
  const lastHour = useStats('1 h')
  const stats = useStats(range)
  return (
    <>
      <Overview workers={workers.data} queue={queue.data} lastHour={lastHour.data} />

      <section id="workers" className={styles.part} aria-labelledby="workers-title">
        <h2 id="workers-title">Workers</h2>
        {workers.data === undefined && workers.isPending && <Loading what="Asking for the workers…" />}
        {workers.data === undefined && workers.isError && (
          <Failed what="The workers could not be read" error={workers.error} retry={() => void workers.refetch()} />
        )}
        {workers.data !== undefined && <WorkerTable list={workers.data} isOld={workers.isError} />}
      </section>

      <section id="queue" className={styles.part} aria-labelledby="queue-title">
        <h2 id="queue-title">Queue</h2>
        {queue.data === undefined && queue.isPending && <Loading what="Asking for the queue…" />}
        {queue.data === undefined && queue.isError && (
          <Failed what="The queue could not be read" error={queue.error} retry={() => void queue.refetch()} />
        )}
        {queue.data !== undefined && <QueueTable queue={queue.data} isOld={queue.isError} />}
      </section>

      <section id="numbers" className={styles.part} aria-labelledby="numbers-title">
        <div className={styles.partHead}>
          <h2 id="numbers-title">Last {range === '1 h' ? 'hour' : range.replace('h', 'hours')}</h2>
          <RangeChoice range={range} onChange={setRange} />
        </div>
        {stats.data === undefined && stats.isPending && <Loading what="Asking for the numbers…" />}
        {stats.data === undefined && stats.isError && (
          <Failed what="The numbers could not be read" error={stats.error} retry={() => void stats.refetch()} />
        )}
        {stats.data !== undefined && <Plots stats={stats.data} isOld={stats.isError} />}
      </section>
    </>
  )
}

const Operate = (): ReactElement => {
  useTitle('Operate')
  const { caller } = useWho()
  return (
    <div className={styles.view}>
      <OpsHead title="Operate" />
      {caller !== undefined && !caller.scopes.includes('admin') ? <NeedsAdmin /> : <System />}
    </div>
  )
}

export default Operate

import { type ReactElement, useState } from 'react'
import { useTitle } from '../../parts/use-title.ts'
import { useWho } from '../../session.ts'
import { NeedsAdmin } from './needs-admin.tsx'
import styles from './operate.module.css'
import { OpsHead } from './ops-head.tsx'
import { Overview } from './overview-line.tsx'
import { PartState } from './part-state.tsx'
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
        <PartState query={workers} what="the workers">
          {(list) => <WorkerTable list={list} />}
        </PartState>
      </section>

      <section id="queue" className={styles.part} aria-labelledby="queue-title">
        <h2 id="queue-title">Queue</h2>
        <PartState query={queue} what="the queue">
          {(data) => <QueueTable queue={data} />}
        </PartState>
      </section>

      <section id="numbers" className={styles.part} aria-labelledby="numbers-title">
        <div className={styles.partHead}>
          <h2 id="numbers-title">Last {range === '1 h' ? 'hour' : range.replace('h', 'hours')}</h2>
          <RangeChoice range={range} onChange={setRange} />
        </div>
        <PartState query={stats} what="the numbers">
          {(data) => <Plots stats={data} />}
        </PartState>
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

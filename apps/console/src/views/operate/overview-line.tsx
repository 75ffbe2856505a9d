import type { Queue, Stats, WorkerList } from '@runnel/contract/public'
import type { ReactElement } from 'react'
import { Link } from 'wouter'
import { useNow } from '../../parts/use-now.ts'
import { useWho } from '../../session.ts'
import styles from './operate.module.css'
import { describeSystem } from './overview.ts'

export interface OverviewProps {
  readonly workers: WorkerList | undefined
  readonly queue: Queue | undefined
  readonly lastHour: Stats | undefined
}

/** The state of the system in a sentence, whose numbers lead to what they count. */
export const Overview = ({ workers, queue, lastHour }: OverviewProps): ReactElement => {
  const nowMs = useNow(true, 1_000)
  const { caller } = useWho()
  const phrases = describeSystem({ workers: workers?.workers, queue, lastHour }, nowMs)
  const hasOthers = queue?.tenants.some(({ tenant }) => tenant !== caller?.tenant) ?? false
  return (
    <div className={styles.overview}>
      <p className={styles.sentence}>
        {phrases.map(({ text, to }) => {
          if (to === undefined) return text
          return to.startsWith('#') ? (
            <a key={text} href={to}>
              {text}
            </a>
          ) : (
            <Link key={text} href={to}>
              {text}
            </Link>
          )
        })}
      </p>
      {caller !== undefined && hasOthers && (
        <p className={styles.note}>
          The numbers are of all tenants. What they lead to is of your own tenant, <code>{caller.tenant}</code>:
          programs of others are theirs.
        </p>
      )}
    </div>
  )
}

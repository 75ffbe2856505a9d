import type { Tone } from '@runnel/client/run-state'
import { describeOutcome, formatGrowing } from '@runnel/client/run-state'
import type { ListedJob } from '@runnel/contract/public'
import type { ReactElement } from 'react'
import { Link, useLocation } from 'wouter'
import { classes } from '../../parts/classes.ts'
import { RelativeTime } from '../../parts/relative-time.tsx'
import { RunLine } from '../../parts/run-line.tsx'
import { StateGlyph } from '../../parts/state-glyph.tsx'
import styles from './history.module.css'
import { toRunTimes } from './run-times.ts'

/** The state of a listed run in a few words. */
export const describeListed = (job: ListedJob, nowMs: number): { readonly tone: Tone; readonly sentence: string } => {
  if (job.outcome !== undefined) return describeOutcome(job.outcome, { usage: job.usage, limits: job.limits })
  if (job.status === 'queued') return { tone: 'queued', sentence: 'Queued' }
  return { tone: 'running', sentence: `Running ${formatGrowing(toRunTimes(job, nowMs).ranMs)}` }
}

const sayWho = ({ key }: Pick<ListedJob, 'key'>): string => {
  if (key === undefined) return ''
  return key.name === '' ? `key ${key.id.slice(0, 8)}` : key.name
}

export interface HistoryRowProps {
  readonly job: ListedJob
  readonly language: string
  readonly scaleMs: number
  readonly nowMs: number
  readonly isChosen: boolean
  /** The row that the keys act on. Only its parts can be reached with Tab. */
  readonly isCurrent: boolean
  readonly hasWho: boolean
  readonly onChoose: () => void
}

export const HistoryRow = (props: HistoryRowProps): ReactElement => {
  const { job, language, scaleMs, nowMs, isChosen, isCurrent, hasWho, onChoose } = props
  const [, navigate] = useLocation()
  const address = `/r/${job.id}`
  const { tone, sentence } = describeListed(job, nowMs)
  const tabIndex = isCurrent ? 0 : -1
  const line = job.firstLine ?? ''
  return (
    // The keys have the link. With a pointer the whole row is one.
    // biome-ignore lint/a11y/noStaticElementInteractions: as above
    // biome-ignore lint/a11y/useKeyWithClickEvents: as above
    <div
      className={classes(styles.row, hasWho && styles.withWho, isChosen && styles.chosen)}
      onClick={({ target }) => {
        if (!(target instanceof Element && target.closest('a, input') !== null)) navigate(address)
      }}
    >
      <input
        type="checkbox"
        className={styles.check}
        aria-label={`Compare ${line || job.id}`}
        tabIndex={tabIndex}
        checked={isChosen}
        onChange={onChoose}
      />
      <StateGlyph tone={tone} />
      <Link href={address} className={styles.first} tabIndex={tabIndex} data-row-link="">
        {line === '' ? <span className={styles.nothing}>{job.firstLine === '' ? 'No text' : job.id}</span> : line}
      </Link>
      <span className={styles.language}>{language}</span>
      <span className={styles.line}>
        <RunLine {...toRunTimes(job, nowMs)} scaleMs={scaleMs} tone={tone} isMoving={job.status === 'running'} />
      </span>
      <span className={styles.outcome}>{sentence}</span>
      <span className={styles.when}>
        <RelativeTime at={job.submittedAt} />
      </span>
      {hasWho && <span className={styles.who}>{sayWho(job)}</span>}
    </div>
  )
}

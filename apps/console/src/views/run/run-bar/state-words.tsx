import { describeRun, formatMeasured, type RunAction, type RunState } from '@runnel/client/run-state'
import type { ReactElement } from 'react'
import { chooseScale, RunLine } from '../../../parts/run-line.tsx'
import { StateGlyph } from '../../../parts/state-glyph.tsx'
import { useNow } from '../../../parts/use-now.ts'
import styles from './state-words.module.css'
import { useShareHint } from './use-share-hint.ts'

export const isBusy = ({ phase }: RunState): boolean => phase === 'sending' || phase === 'queued' || phase === 'running'

/** How long a run waited for its worker, or waits. */
const waitedMsOf = ({ queuedAtMs, startedAtMs, finishedAtMs }: RunState, nowMs: number): number =>
  queuedAtMs === undefined ? 0 : Math.max(0, (startedAtMs ?? finishedAtMs ?? nowMs) - queuedAtMs)

/** Run and Stop have buttons of their own. */
const HAS_A_BUTTON = new Set<RunAction['type']>(['stop', 'cancel'])

export interface StateWordsProps {
  readonly run: RunState
  /** What stands beneath "Ready". */
  readonly hint: string
  /** There is a program to run. */
  readonly canRun: boolean
  readonly onAct: (action: RunAction) => void
}

/** The sentence that says how the run goes, what belongs to it, and what one can do. */
export const StateWords = ({ run, hint, canRun, onAct }: StateWordsProps): ReactElement => {
  const isChanging = isBusy(run) || run.phase === 'refused' || run.lostAtMs !== undefined
  const words = describeRun(run, useNow(isChanging))
  // There is always something beneath, so that the sentence stays where it is.
  const otherwise = words.tone === 'idle' ? hint : `Waited ${formatMeasured(waitedMsOf(run, 0))}`
  const known = words.beneath.length === 0 ? [otherwise] : words.beneath
  const beneath = useShareHint(run) ? [...known, 'Share copies a link to this run'] : known
  const actions = words.actions.filter(({ type }) => !HAS_A_BUTTON.has(type) && (canRun || type !== 'run-again'))
  return (
    <div className={styles.words} data-testid="state" data-tone={words.tone}>
      <p className={styles.sentence}>
        <StateGlyph tone={words.tone} />
        <span>{words.sentence}</span>
      </p>
      <p className={styles.beneath}>
        {actions.map((action) => (
          <button key={action.label} type="button" className={styles.action} onClick={() => onAct(action)}>
            {action.label}
          </button>
        ))}
        <span>{beneath.join(' · ')}</span>
      </p>
    </div>
  )
}

/** The line under the bar: how long the run waited and ran, so far. */
export const StateLine = ({ run }: { readonly run: RunState }): ReactElement => {
  const isMoving = run.phase === 'queued' || run.phase === 'running'
  const now = useNow(isMoving)
  const { tone } = describeRun(run, now)
  const { queuedAtMs, startedAtMs, finishedAtMs = now } = run
  const waitedMs = waitedMsOf(run, now)
  const ranMs = startedAtMs === undefined ? 0 : Math.max(0, finishedAtMs - startedAtMs)
  return (
    <div className={styles.line}>
      {queuedAtMs !== undefined && (
        <RunLine
          waitedMs={waitedMs}
          ranMs={ranMs}
          scaleMs={chooseScale(waitedMs + ranMs)}
          tone={tone}
          isMoving={isMoving}
        />
      )}
    </div>
  )
}

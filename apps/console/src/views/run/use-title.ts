import { describeRun, type RunState } from '@runnel/client/run-state'
import { useEffect } from 'react'

/** The state of a run in one or two words. It changes only when the state does, not with the time. */
const toShort = (run: RunState): string => {
  if (run.phase === 'running') return run.canceledBy === undefined ? 'Running' : 'Stopping'
  if (run.phase === 'queued') return 'Queued'
  return describeRun(run, 0).sentence.replace(/ (?:after|at its|while) .*$/, '')
}

/** The title of a tab: "◐ Running – main.py". */
export const toTitle = (run: RunState | undefined, entry: string): string => {
  if (run === undefined || run.phase === 'ready' || run.phase === 'sending') return `${entry} – Runnel`
  return `${describeRun(run, 0).glyph} ${toShort(run)} – ${entry}`
}

/** A tab in the background says how its run goes. */
export const useTitle = (title: string): void => {
  useEffect(() => {
    document.title = title
    return () => {
      document.title = 'Runnel'
    }
  }, [title])
}

import type { Submission } from '@runnel/client'
import { initialRunState, type Refusal, type RunState, reduceRunState } from '@runnel/client/run-state'
import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { useLocation } from 'wouter'
import { noteRefusal } from '../../session.ts'
import type { Draft } from './draft/draft.ts'
import { changeDraft } from './draft/draft-store.ts'
import { servesPages } from './draft/serves.ts'
import { type DraftFault, toSubmission } from './draft/to-submission.ts'
import { loadRunTerminal, type RunTerminal, useRunSnapshot, useRunTerminal } from './output/run-terminal.ts'

interface StartOptions {
  /** It is served whatever it looks like. */
  readonly serve?: boolean
}

export interface RunControl {
  readonly terminal: RunTerminal | undefined
  readonly terminalError: unknown
  readonly run: RunState
  readonly stream: 'both' | 'stdout' | 'stderr'
  /** Submits a draft. Answers why it cannot be; what the API refuses is in `run`. */
  readonly start: (draft: Draft, options?: StartOptions) => DraftFault | undefined
  readonly stop: () => void
}

/**
 * The run that the page shows: that of the address, `/r/:job`.
 *
 *   start ──▶ the terminal submits and shows it ──▶ the address becomes that of the run
 *   another address (a link, Back, a reload) ──▶ the terminal shows that run from its log
 */
export const useRun = (jobId: string | undefined): RunControl => {
  const [, navigate] = useLocation()
  const queries = useQueryClient()
  const { terminal, error } = useRunTerminal()
  const snapshot = useRunSnapshot(terminal)
  /** When Run was pressed, until it was answered. The terminal may not be there yet, or still say how the run before ended. */
  const [sentAtMs, setSentAtMs] = useState<number>()
  /** The last submission was refused. The terminal keeps the run before it, so the page says it. */
  const [refused, setRefused] = useState<RunState>()

  useEffect(() => {
    if (terminal === undefined) return
    const { core } = terminal
    const { phase, jobId: shown } = core.snapshot.run
    setRefused(undefined)
    // While one is sent, the address is still that of the one before.
    if (phase === 'sending') return
    if (jobId === undefined) {
      if (shown !== undefined) core.clear()
    } else if (jobId !== shown) core.show(jobId)
  }, [terminal, jobId])

  // The shell then offers to sign in. The program stays here.
  const { refusal } = refused ?? snapshot?.run ?? initialRunState
  useEffect(() => {
    if (refusal?.code === 'unauthorized') noteRefusal(queries, { status: 401 })
  }, [queries, refusal])

  const send = async (submission: Submission, isServed: () => Promise<boolean>): Promise<void> => {
    setSentAtMs(Date.now())
    setRefused(undefined)
    try {
      const [{ core }, serve] = await Promise.all([loadRunTerminal(), isServed()])
      const id = await core.run(serve ? { ...submission, serve } : submission)
      changeDraft((draft) => ({ ...draft, jobId: id }))
      navigate(`/r/${id}`)
    } catch (error) {
      const known: Refusal = error instanceof Error ? error : { message: String(error) }
      setRefused(reduceRunState(initialRunState, { type: 'client-refused', error: known, atMs: Date.now() }))
    } finally {
      setSentAtMs(undefined)
    }
  }
  const known = snapshot?.run ?? initialRunState
  const isSending = sentAtMs !== undefined && known.phase !== 'queued' && known.phase !== 'running'
  return {
    terminal,
    terminalError: error,
    run: isSending ? { ...initialRunState, phase: 'sending', sentAtMs } : (refused ?? known),
    stream: snapshot?.stream ?? 'both',
    start: (draft, { serve = false } = {}) => {
      const made = toSubmission(draft)
      if ('fault' in made) return made.fault
      void send(made.submission, async () => serve || (await servesPages(draft)))
      return undefined
    },
    stop: () => {
      // What could not be stopped, such as a run that another tab stopped, the terminal says.
      terminal?.core.stop().catch(() => {})
    },
  }
}

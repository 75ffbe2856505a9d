import type { RunAction } from '@runnel/client/run-state'
import { useState } from 'react'
import { useLocation } from 'wouter'
import { client } from '../../client.ts'
import { copyText } from '../../parts/copy-text.ts'
import { sayError } from '../../parts/notice.tsx'
import { createExample, type Draft, entryOf } from './draft/draft.ts'
import { changeDraft, readEarlierDraft, replaceDraft } from './draft/draft-store.ts'
import { readDropped, withFiles } from './draft/read-dropped.ts'
import { type DrawerPart, withLimits } from './draft/to-submission.ts'
import { downloadOutput } from './output/download.ts'
import { type Shared, shareRun } from './run-bar/share.tsx'
import { isBusy } from './run-bar/state-words.tsx'
import type { Notices } from './use-notices.ts'
import type { Places } from './use-places.ts'
import type { RunControl } from './use-run.ts'
import type { Subject } from './use-subject.ts'

export interface Acts {
  readonly run: () => void
  readonly stop: () => void
  readonly share: () => void
  readonly editCopy: () => void
  readonly startNew: () => void
  readonly drop: (items: DataTransferItemList) => void
  readonly download: () => void
  readonly jump: (by: 1 | -1) => void
  readonly act: (action: RunAction) => void
  /** Ends a run that nobody can reach, and runs its program so that a browser can. */
  readonly serveIt: () => void
  readonly shared: Shared | undefined
  readonly closeShared: () => void
}

/** All that a person can do in the Run view. */
export const useActs = (parts: {
  readonly jobId: string | undefined
  readonly subject: Subject
  readonly control: RunControl
  readonly places: Places
  readonly notices: Notices
  readonly openDrawer: (part: DrawerPart) => void
  readonly onStarted: () => void
}): Acts => {
  const { jobId, subject, control, places, notices, openDrawer, onStarted } = parts
  const [, navigate] = useLocation()
  const [shared, setShared] = useState<Shared>()
  const { say } = notices

  const offerEarlier = (sentence: string): void => {
    const earlier = readEarlierDraft()
    const bringBack = (): void => {
      if (earlier === undefined) return
      replaceDraft(earlier)
      navigate(earlier.jobId === undefined ? '/' : `/r/${earlier.jobId}`)
    }
    say({ sentence, actions: earlier === undefined ? [] : [{ label: 'Bring it back', act: bringBack }] })
  }
  const editCopy = (): Draft | undefined => {
    const copy = subject.takeCopy()
    if (copy !== undefined) offerEarlier('This is your copy now. What you had before is kept.')
    return copy
  }
  /** A program to run: what is typed, or a copy of what is watched. undefined: a sentence says why there is none. */
  const takeDraft = (): Draft | undefined => {
    if (!subject.isWatched) return subject.draft
    const copy = editCopy()
    if (copy === undefined || subject.envNames.length === 0) return copy
    openDrawer('environment')
    say({ sentence: 'The values of its environment are not kept with a run. Set them, then run it.' })
    return undefined
  }
  const run = (draft: Draft | undefined): void => {
    if (isBusy(control.run)) {
      say({ sentence: 'It still runs. Stop it before you run it again.' })
      return
    }
    const fault = draft === undefined ? undefined : control.start(draft)
    if (draft !== undefined && fault === undefined) {
      setShared(undefined)
      onStarted()
    }
    if (fault === undefined) return
    if (fault.part !== undefined) openDrawer(fault.part)
    say({ sentence: fault.sentence })
  }
  const runWith = (action: Extract<RunAction, { type: 'run-with' }>): void => {
    const draft = takeDraft()
    if (draft === undefined) return
    const raised = withLimits(draft, action.limits)
    changeDraft((now) => ({ ...now, limits: raised.limits }))
    run(raised)
  }
  const serveIt = (): void => {
    const draft = takeDraft()
    if (draft === undefined) return
    control.stop()
    control.start(draft, { serve: true })
    onStarted()
  }
  const download = (): void => {
    if (jobId === undefined || subject.draft === undefined) return
    const name = `${entryOf(subject.draft).path.replaceAll('/', '-')}.output.txt`
    downloadOutput(jobId, name, new AbortController().signal).catch((error: unknown) =>
      say({ sentence: `The output could not be downloaded. ${sayError(error)}` }),
    )
  }
  const copy = async (text: string): Promise<void> => {
    const isCopied = await copyText(text)
    say({ sentence: isCopied ? `Copied ${text}` : `The browser did not let the page copy. Copy it yourself: ${text}` })
  }
  const act = (action: RunAction): void => {
    switch (action.type) {
      case 'run-with':
        runWith(action)
        break
      case 'run-again':
        run(takeDraft())
        break
      case 'jump':
        if (!places.goTo(action.file, action.line - subject.linesBefore))
          say({ sentence: `${action.file} is none of the files here.` })
        break
      case 'copy':
        void copy(action.text)
        break
      case 'download':
        download()
        break
      case 'retry-now':
        client.reconnect()
        break
      case 'sign-in':
        navigate('/sign-in')
        break
      case 'edit-copy':
        editCopy()
        break
      case 'give-input':
        control.terminal?.core.focus()
        break
      case 'stop':
      case 'cancel':
        control.stop()
    }
  }
  return {
    run: () => run(isBusy(control.run) ? undefined : takeDraft()),
    stop: control.stop,
    share: () => void shareRun(jobId).then(setShared),
    editCopy: () => void editCopy(),
    startNew: () => {
      // A run that cannot be shown took nothing away: what was typed before is still there.
      if (subject.draft !== undefined) {
        replaceDraft(createExample())
        offerEarlier('A new program. What you had before is kept.')
      }
      navigate('/')
    },
    drop: async (items) => {
      const read = await readDropped(items)
      if ('fault' in read) say({ sentence: read.fault })
      else changeDraft((draft) => withFiles(draft, read.files))
    },
    download,
    jump: (by) => {
      if (!places.step(by)) say({ sentence: 'The output names no line of the program.' })
    },
    act,
    serveIt,
    shared,
    closeShared: () => setShared(undefined),
  }
}

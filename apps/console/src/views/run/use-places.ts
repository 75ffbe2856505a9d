import { findFault, type RunState } from '@runnel/client/run-state'
import { type RefObject, useEffect, useRef, useState } from 'react'
import { type Draft, entryOf } from './draft/draft.ts'
import type { EditorHandle } from './editor/editor.tsx'
import { findPlaces } from './errors/find-places.ts'
import { onPlacePressed, type RunTerminal } from './output/run-terminal.ts'

interface Target {
  readonly fileId: string
  readonly line: number
}

export interface Places {
  /** Opens the file and puts the caret there. false: the program has no such file. */
  readonly goTo: (file: string, line: number) => boolean
  /** To the next place that the output names, or the one before. false: it names none. */
  readonly step: (by: 1 | -1) => boolean
}

/** From the places that a run's output names to the lines of the program. */
export const usePlaces = (options: {
  readonly draft: Draft | undefined
  readonly run: RunState
  readonly terminal: RunTerminal | undefined
  readonly editor: RefObject<EditorHandle | null>
  /** Line 1 of the program is this many lines further down in what is shown: the text around it is shown too. */
  readonly linesBefore: number
  readonly onOpen: (fileId: string) => void
}): Places => {
  const { draft, run, terminal, editor, linesBefore, onOpen } = options
  const [target, setTarget] = useState<Target>()
  const at = useRef<{ readonly jobId: string | undefined; readonly index: number }>({ jobId: undefined, index: 0 })

  // The file may have to be opened first, which is shown with the next rendering.
  useEffect(() => {
    if (target === undefined || draft?.openId !== target.fileId) return
    editor.current?.goTo(target.line)
    setTarget(undefined)
  }, [target, draft?.openId, editor])

  const goTo: Places['goTo'] = (file, line) => {
    if (draft === undefined) return false
    const found = draft.files.find(({ path }) => path === file) ?? (draft.isNameAutomatic ? entryOf(draft) : undefined)
    if (found === undefined) return false
    setTarget({ fileId: found.id, line })
    onOpen(found.id)
    return true
  }
  // There is one terminal for all runs: a place that is pressed in it belongs to the program that is shown.
  useEffect(() => onPlacePressed(({ file, line }) => void goTo(file, line + linesBefore)))

  const step: Places['step'] = (by) => {
    const places = findPlaces(terminal?.core.text() ?? '')
    if (places.length === 0) return false
    const fault = findFault(run.tail)
    const first = places.findIndex(({ file, line }) => file === fault?.file && line === fault.line)
    const isNew = at.current.jobId !== run.jobId
    // The first press goes where the error is, not to the outermost call.
    const index = isNew ? Math.max(0, first) : (at.current.index + by + places.length) % places.length
    at.current = { jobId: run.jobId, index }
    const place = places[index]
    return place !== undefined && goTo(place.file, place.line + linesBefore)
  }
  return { goTo, step }
}

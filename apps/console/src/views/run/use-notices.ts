import type { RunState } from '@runnel/client/run-state'
import { useCallback, useState } from 'react'
import { useIsDraftKept } from './draft/draft-store.ts'
import type { Notice } from './notice-bar.tsx'
import { useNoWorker } from './use-no-worker.ts'

export interface Notices {
  /** What is shown: the last thing that was said, or what is the case. */
  readonly notice: Notice | undefined
  readonly say: (notice: Notice) => void
  readonly close: () => void
}

/** What is said beside the state of the run, one sentence at a time. */
export const useNotices = (run: RunState): Notices => {
  const [said, setSaid] = useState<Notice>()
  const [closed, setClosed] = useState<string>()
  const hasNoWorker = useNoWorker(run)
  const isKept = useIsDraftKept()

  const cases: readonly (Notice | undefined)[] = [
    said,
    hasNoWorker ? { sentence: 'No worker takes jobs. The run waits until one starts.' } : undefined,
    run.unknownTypes.length > 0
      ? {
          sentence: `The run has events that this page does not know: ${run.unknownTypes.join(', ')}. Reload for a newer page.`,
          actions: [{ label: 'Reload', act: () => location.reload() }],
        }
      : undefined,
    isKept ? undefined : { sentence: 'This browser keeps nothing for this page. A reload loses what you typed.' },
  ]
  const notice = cases.find((one) => one !== undefined && one.sentence !== closed)
  return {
    notice,
    say: useCallback((next: Notice) => {
      setSaid(next)
      setClosed(undefined)
    }, []),
    close: () => {
      if (notice === said) setSaid(undefined)
      else setClosed(notice?.sentence)
    },
  }
}

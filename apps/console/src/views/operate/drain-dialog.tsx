import type { Worker } from '@runnel/contract/public'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import type { ReactElement } from 'react'
import { client } from '../../client.ts'
import { Button } from '../../parts/button.tsx'
import { Dialog } from '../../parts/dialog.tsx'
import { sayError } from '../../parts/notice.tsx'
import styles from './operate.module.css'
import { describeDrain } from './worker-words.ts'

export interface DrainDialogProps {
  /** Undefined: it is closed. */
  readonly worker: Worker | undefined
  readonly workers: readonly Worker[]
  readonly onClose: () => void
}

/** Says what draining does before it is done. */
export const DrainDialog = ({ worker, workers, onClose }: DrainDialogProps): ReactElement => {
  const queries = useQueryClient()
  const drain = useMutation({
    mutationFn: (id: string) => client.request<Worker>('POST', `/v1/workers/${encodeURIComponent(id)}/drain`),
    onSuccess: onClose,
    onSettled: () => queries.invalidateQueries({ queryKey: ['workers'] }),
  })
  const close = (): void => {
    drain.reset()
    onClose()
  }
  return (
    <Dialog title={`Drain ${worker?.host ?? ''}?`} isOpen={worker !== undefined} onClose={close}>
      {worker !== undefined && (
        <div className={styles.dialog}>
          {describeDrain(worker, workers).map((sentence) => (
            <p key={sentence}>{sentence}</p>
          ))}
          {drain.isError && (
            <p role="alert" className={styles.fault}>
              {sayError(drain.error)}
            </p>
          )}
          <div className={styles.buttons}>
            <Button kind="primary" disabled={drain.isPending} onClick={() => drain.mutate(worker.id)}>
              Drain
            </Button>
            <Button kind="quiet" onClick={close}>
              Leave it
            </Button>
          </div>
        </div>
      )}
    </Dialog>
  )
}

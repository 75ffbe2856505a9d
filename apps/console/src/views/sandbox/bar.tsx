import type { Sandbox, SandboxInfo } from '@runnel/client'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type ReactElement, useState } from 'react'
import { Button } from '../../parts/button.tsx'
import { Dialog } from '../../parts/dialog.tsx'
import { sayError } from '../../parts/notice.tsx'
import { StateGlyph } from '../../parts/state-glyph.tsx'
import { describeSandbox, nameOf } from '../sandboxes/sandbox-words.ts'
import styles from './sandbox.module.css'

const KEEP_MINUTES = 60
const KEEP_MS = KEEP_MINUTES * 60_000

interface BarProps {
  readonly sandbox: Sandbox
  readonly info: SandboxInfo
  readonly nowMs: number
}

/** What it is, how long it lives, and what can be done with it as a whole. */
export const Bar = ({ sandbox, info, nowMs }: BarProps): ReactElement => {
  const queries = useQueryClient()
  const [isEnding, setEnding] = useState(false)
  const change = useMutation({
    mutationFn: (act: () => Promise<SandboxInfo>) => act(),
    onSuccess: (next) => queries.setQueryData(['sandbox', info.id], next),
  })
  const { tone, words } = describeSandbox(info, nowMs)
  const { status } = info
  return (
    <header className={styles.bar}>
      <h1 className={styles.name}>{nameOf(info)}</h1>
      <p className={styles.state}>
        <StateGlyph tone={tone} />
        {words}
      </p>
      {change.isError && (
        <p role="alert" className={styles.fault}>
          {sayError(change.error)}
        </p>
      )}
      <div className={styles.acts}>
        {status !== 'queued' && (
          <Button disabled={change.isPending} onClick={() => change.mutate(() => sandbox.setTimeout(KEEP_MS))}>
            Keep for {KEEP_MINUTES} min
          </Button>
        )}
        {status === 'running' && (
          <Button disabled={change.isPending} onClick={() => change.mutate(() => sandbox.pause())}>
            Pause
          </Button>
        )}
        {status === 'paused' && (
          <Button kind="primary" disabled={change.isPending} onClick={() => change.mutate(() => sandbox.resume())}>
            Resume
          </Button>
        )}
        <Button kind="danger" onClick={() => setEnding(true)}>
          End
        </Button>
      </div>
      <Dialog title={`End ${nameOf(info)}?`} isOpen={isEnding} onClose={() => setEnding(false)}>
        <p>All that runs in it stops, and its files are gone.</p>
        <div className={styles.acts}>
          <Button
            kind="danger"
            disabled={change.isPending}
            onClick={() => {
              change.mutate(() => sandbox.kill())
              setEnding(false)
            }}
          >
            End the sandbox
          </Button>
          <Button onClick={() => setEnding(false)}>Keep it</Button>
        </div>
      </Dialog>
    </header>
  )
}

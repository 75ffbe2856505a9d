import type { Sandbox } from '@runnel/client'
import { attachShell, type Shell, type ShellState } from '@runnel/terminal'
import '@runnel/terminal/terminal.css'
import { type ReactElement, useEffect, useRef, useState } from 'react'
import { Button } from '../../parts/button.tsx'
import { sayError } from '../../parts/notice.tsx'
import { useTheme } from '../../shell/theme.ts'
import styles from './sandbox.module.css'

const sayState = (state: ShellState): string | undefined => {
  switch (state.type) {
    case 'ended':
      return 'This terminal has ended.'
    case 'failed':
      return sayError(state.error)
    default:
      return undefined
  }
}

interface ShellPaneProps {
  readonly sandbox: Sandbox
  /** Of a terminal that is there already. */
  readonly id: string | undefined
  readonly isShown: boolean
  readonly onClose: () => void
}

/** One terminal. Taking it off the page leaves it running. */
export const ShellPane = ({ sandbox, id, isShown, onClose }: ShellPaneProps): ReactElement => {
  const element = useRef<HTMLDivElement>(null)
  const shell = useRef<Shell>(undefined)
  /** React may attach twice: the second time it connects to the one that was opened the first time. */
  const opened = useRef<Promise<string | undefined>>(Promise.resolve(id))
  const [state, setState] = useState<ShellState>({ type: 'opening' })
  const theme = useTheme()

  useEffect(() => {
    if (element.current === null) return
    const attached = attachShell(element.current, {
      open: async (options) => {
        const before = opened.current
        const opening = before.then((known) =>
          known === undefined ? sandbox.pty.create(options) : sandbox.pty.connect(known, options),
        )
        opened.current = opening.then(
          (terminal) => terminal.id,
          () => before,
        )
        return opening
      },
      onState: setState,
    })
    shell.current = attached
    return () => {
      shell.current = undefined
      attached[Symbol.dispose]()
    }
  }, [sandbox])
  useEffect(() => shell.current?.setTheme(theme), [theme])
  useEffect(() => {
    if (!isShown) return
    shell.current?.fit()
    if (state.type === 'open') shell.current?.focus()
  }, [isShown, state.type])

  const words = sayState(state)
  return (
    <>
      <div ref={element} className={styles.shell} />
      {words !== undefined && (
        <p role="status" className={styles.shellState}>
          {words} <Button onClick={onClose}>Close</Button>
        </p>
      )}
    </>
  )
}

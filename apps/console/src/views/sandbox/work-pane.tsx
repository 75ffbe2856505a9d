import type { CommandInfo, Sandbox } from '@runnel/client'
import { useQuery } from '@tanstack/react-query'
import { Plus } from 'lucide-react'
import { type ReactElement, useRef, useState } from 'react'
import { IconButton } from '../../parts/button.tsx'
import { Failed, Loading } from '../../parts/notice.tsx'
import { afterLast } from '../../parts/polling.ts'
import { listPorts } from '../../parts/preview/preview-calls.ts'
import { PreviewPane } from '../../parts/preview/preview-pane.tsx'
import { CommandList } from './command-list.tsx'
import styles from './sandbox.module.css'
import { ShellPane } from './shell-pane.tsx'

export const commandsKey = (id: string): readonly string[] => ['sandbox', id, 'commands']

const PORTS_POLL_MS = 2_000

/** A terminal on the page: one that was there, by its id, or a new one that has none yet. */
interface Shown {
  readonly key: string
  readonly id: string | undefined
}

const isShell = ({ background, tty, status }: CommandInfo): boolean => background && tty && status === 'running'

const Tabs = ({
  sandbox,
  first,
}: {
  readonly sandbox: Sandbox
  /** Those that run when the page is opened. */
  readonly first: readonly CommandInfo[]
}): ReactElement => {
  const made = useRef(0)
  const newShell = (): Shown => {
    made.current += 1
    return { key: `new-${made.current}`, id: undefined }
  }
  const [shells, setShells] = useState<readonly Shown[]>(() =>
    first.length === 0 ? [newShell()] : first.toReversed().map(({ id }) => ({ key: id, id })),
  )
  const [chosen, setChosen] = useState<string>(shells[0]?.key ?? 'commands')
  const { data: ports = [] } = useQuery({
    queryKey: ['sandbox', sandbox.id, 'ports'],
    queryFn: ({ signal }) => listPorts(sandbox.id, signal),
    refetchInterval: afterLast(PORTS_POLL_MS),
  })
  // What was chosen may have stopped to listen.
  const shown = chosen === 'preview' && ports.length === 0 ? 'commands' : chosen
  const open = (): void => {
    const shell = newShell()
    setShells([...shells, shell])
    setChosen(shell.key)
  }
  const close = (key: string): void => {
    const left = shells.filter((shell) => shell.key !== key)
    setShells(left)
    if (chosen === key) setChosen(left.at(-1)?.key ?? 'commands')
  }
  const tab = (key: string, words: string): ReactElement => (
    <button
      key={key}
      type="button"
      role="tab"
      id={`tab-${key}`}
      aria-controls={`panel-${key}`}
      aria-selected={key === shown}
      tabIndex={key === shown ? 0 : -1}
      className={styles.tab}
      onClick={() => setChosen(key)}
      onKeyDown={(event) => {
        const keys = [...shells.map((shell) => shell.key), 'commands', ...(ports.length > 0 ? ['preview'] : [])]
        const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key] ?? 0
        const next = keys[(keys.indexOf(key) + step + keys.length) % keys.length]
        if (step === 0 || next === undefined) return
        setChosen(next)
        document.getElementById(`tab-${next}`)?.focus()
      }}
    >
      {words}
    </button>
  )
  return (
    <div className={styles.work}>
      <div className={styles.tabs}>
        <div role="tablist" aria-label="Terminals and commands" className={styles.tabList}>
          {shells.map(({ key }, index) => tab(key, `Terminal ${index + 1}`))}
          {tab('commands', 'Commands')}
          {ports.length > 0 && tab('preview', `Preview ${ports.map((port) => `:${port}`).join(' ')}`)}
        </div>
        <IconButton label="New terminal" onClick={open}>
          <Plus size={16} />
        </IconButton>
      </div>
      {shells.map(({ key, id }) => (
        <div
          key={key}
          role="tabpanel"
          id={`panel-${key}`}
          aria-labelledby={`tab-${key}`}
          hidden={key !== shown}
          className={styles.panel}
        >
          <ShellPane sandbox={sandbox} id={id} isShown={key === shown} onClose={() => close(key)} />
        </div>
      ))}
      <div
        role="tabpanel"
        id="panel-commands"
        aria-labelledby="tab-commands"
        hidden={shown !== 'commands'}
        className={styles.panel}
      >
        <CommandList sandbox={sandbox} />
      </div>
      {ports.length > 0 && (
        <div
          role="tabpanel"
          id="panel-preview"
          aria-labelledby="tab-preview"
          hidden={shown !== 'preview'}
          className={styles.panel}
        >
          <PreviewPane sandboxId={sandbox.id} ports={ports} />
        </div>
      )}
    </div>
  )
}

/** Terminals and commands. Terminals that run are there again after a reload. */
export const WorkPane = ({ sandbox }: { readonly sandbox: Sandbox }): ReactElement => {
  const commands = useQuery({
    queryKey: commandsKey(sandbox.id),
    queryFn: ({ signal }) => sandbox.commands.list({ signal }),
  })
  if (commands.data !== undefined) return <Tabs sandbox={sandbox} first={commands.data.filter(isShell)} />
  return (
    <div className={styles.work}>
      {commands.isError ? (
        <Failed what="What runs in it could not be read" error={commands.error} retry={() => void commands.refetch()} />
      ) : (
        <Loading what="Asking what runs in it…" />
      )}
    </div>
  )
}

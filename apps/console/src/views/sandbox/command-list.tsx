import type { CommandInfo, Outcome, Sandbox } from '@runnel/client'
import type { Tone } from '@runnel/client/run-state'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type ReactElement, useEffect, useState } from 'react'
import { Button } from '../../parts/button.tsx'
import { sayError } from '../../parts/notice.tsx'
import { RelativeTime } from '../../parts/relative-time.tsx'
import { StateGlyph } from '../../parts/state-glyph.tsx'
import styles from './sandbox.module.css'
import { commandsKey } from './work-pane.tsx'

/** The page shows the end of what is longer. */
const SHOWN_CHARACTERS = 200_000

const describeOutcome = (outcome: Outcome | undefined): readonly [Tone, string] => {
  switch (outcome?.type) {
    case undefined:
      return ['running', 'Runs']
    case 'exited':
      return outcome.exitCode === 0 ? ['ok', 'Ended'] : ['failed', `Exit code ${outcome.exitCode}`]
    case 'signaled':
      return ['failed', `Ended by ${outcome.signal}`]
    case 'timed-out':
      return ['limit', 'Time limit reached']
    case 'out-of-memory':
      return ['limit', 'Out of memory']
    case 'output-limit':
      return ['limit', 'Printed too much']
    case 'canceled':
      return ['canceled', 'Ended by request']
    default:
      return ['ours', 'Runnel lost it']
  }
}

const Output = ({
  sandbox,
  command,
  onEnd,
}: {
  readonly sandbox: Sandbox
  readonly command: CommandInfo
  readonly onEnd: () => void
}): ReactElement => {
  const [text, setText] = useState('')
  const [error, setError] = useState<unknown>()
  useEffect(() => {
    const stopped = new AbortController()
    const add = (piece: string): void => setText((before) => (before + piece).slice(-SHOWN_CHARACTERS))
    const read = async (): Promise<void> => {
      const handle = await sandbox.commands.connect(command.id, { signal: stopped.signal })
      await handle.wait({ onStdout: add, onStderr: add, keepBytes: 0, signal: stopped.signal })
      onEnd()
    }
    setText('')
    read().catch((cause: unknown) => {
      if (!stopped.signal.aborted) setError(cause)
    })
    return () => stopped.abort()
  }, [sandbox, command.id])
  return (
    <>
      <pre className={styles.output}>{text}</pre>
      {error !== undefined && (
        <p role="alert" className={styles.fault}>
          {sayError(error)}
        </p>
      )}
    </>
  )
}

const Row = ({
  sandbox,
  command,
  isOpen,
  onToggle,
  onEnd,
}: {
  readonly sandbox: Sandbox
  readonly command: CommandInfo
  readonly isOpen: boolean
  readonly onToggle: () => void
  readonly onEnd: () => void
}): ReactElement => {
  const [tone, words] = describeOutcome(command.outcome)
  return (
    <li className={styles.command}>
      <div className={styles.commandHead}>
        <button type="button" className={styles.line} aria-expanded={isOpen} onClick={onToggle}>
          <StateGlyph tone={tone} />
          <code>{[command.command, ...(command.args ?? [])].join(' ')}</code>
        </button>
        <span className={styles.commandWords}>
          {words}
          {command.background && ', in the background'} · <RelativeTime at={command.startedAt} />
        </span>
        {command.status === 'running' && (
          <Button onClick={() => void sandbox.commands.kill(command.id).finally(onEnd)}>Stop</Button>
        )}
      </div>
      {isOpen && <Output sandbox={sandbox} command={command} onEnd={onEnd} />}
    </li>
  )
}

/** A line to run, and what ran: with its output, live. */
export const CommandList = ({ sandbox }: { readonly sandbox: Sandbox }): ReactElement => {
  const queries = useQueryClient()
  const [line, setLine] = useState('')
  const [isBackground, setBackground] = useState(false)
  const [open, setOpen] = useState<string>()
  const list = useQuery({
    queryKey: commandsKey(sandbox.id),
    queryFn: ({ signal }) => sandbox.commands.list({ signal }),
  })
  const read = () => queries.invalidateQueries({ queryKey: commandsKey(sandbox.id) })
  const start = useMutation({
    mutationFn: () => sandbox.commands.start(line, { background: isBackground }),
    async onSuccess({ id }) {
      setLine('')
      await read()
      setOpen(id)
    },
  })
  const ended = (): void => void read()
  const commands = (list.data ?? []).filter(({ background, tty }) => !(background && tty))
  return (
    <div className={styles.commands}>
      <form
        className={styles.lineForm}
        onSubmit={(event) => {
          event.preventDefault()
          start.mutate()
        }}
      >
        <input
          aria-label="Command"
          placeholder="python3 report.py"
          required
          autoComplete="off"
          spellCheck={false}
          value={line}
          onChange={(event) => setLine(event.target.value)}
        />
        <label className={styles.choice}>
          <input type="checkbox" checked={isBackground} onChange={() => setBackground(!isBackground)} />
          In the background
        </label>
        <Button kind="primary" type="submit" disabled={start.isPending}>
          Run
        </Button>
      </form>
      {start.isError && (
        <p role="alert" className={styles.fault}>
          {sayError(start.error)}
        </p>
      )}
      {list.data !== undefined && commands.length === 0 && (
        <p className={styles.hint}>
          Nothing has run here yet. A command ends after a minute; one in the background runs until you stop it.
        </p>
      )}
      <ul className={styles.commandRows}>
        {commands.map((command) => (
          <Row
            key={command.id}
            sandbox={sandbox}
            command={command}
            isOpen={open === command.id}
            onToggle={() => setOpen(open === command.id ? undefined : command.id)}
            onEnd={ended}
          />
        ))}
      </ul>
    </div>
  )
}

import type { RunState } from '@runnel/client/run-state'
import type { ShownStream } from '@runnel/terminal'
import { Copy, Download, FileText, Search } from 'lucide-react'
import { type ReactElement, useState } from 'react'
import { IconButton } from '../../../parts/button.tsx'
import { Chip } from '../../../parts/chip.tsx'
import { Failed } from '../../../parts/notice.tsx'
import { ArtifactList } from './artifact-list.tsx'
import styles from './output-pane.module.css'
import type { RunTerminal } from './run-terminal.ts'

export interface OutputPaneProps {
  readonly terminal: RunTerminal | undefined
  /** Why there is no terminal. */
  readonly error: unknown
  readonly run: RunState
  /** The pane of the program says already that there is no such run. */
  readonly isGone: boolean
  readonly stream: ShownStream
  /** Whether the next run has a terminal. */
  readonly tty: boolean
  readonly onTty: (tty: boolean) => void
  readonly onDownload: () => void
  readonly hint: string
}

const STREAMS = [
  ['both', 'Both'],
  ['stdout', 'stdout'],
  ['stderr', 'stderr'],
] as const satisfies readonly (readonly [ShownStream, string])[]

/** What the program prints, and where one types to it. */
export const OutputPane = (props: OutputPaneProps): ReactElement => {
  const { terminal, error, run, isGone, stream, tty, onTty, onDownload, hint } = props
  const [isText, setText] = useState(false)
  const hasRun = run.phase !== 'ready'
  // The streams of a run on a terminal cannot be told apart.
  const isApart = hasRun && run.phase !== 'sending' ? !run.tty : !tty
  return (
    <section className={styles.pane} aria-label="Output">
      <div className={styles.tools}>
        {/* biome-ignore lint/a11y/useSemanticElements: chips, not a set of fields */}
        <span role="group" aria-label="How the output comes" className={styles.chips}>
          <Chip
            pressed={tty}
            title="Like on a terminal: colours, input as one types, stdout and stderr together"
            onClick={() => onTty(true)}
          >
            Terminal
          </Chip>
          <Chip
            pressed={!tty}
            title="Without a terminal: stdout and stderr can be told apart"
            onClick={() => onTty(false)}
          >
            Separate
          </Chip>
        </span>
        {isApart && terminal !== undefined && (
          // biome-ignore lint/a11y/useSemanticElements: chips, not a set of fields
          <span role="group" aria-label="What is shown" className={styles.streams}>
            {STREAMS.map(([name, label]) => (
              <button
                key={name}
                type="button"
                className={styles.stream}
                aria-pressed={stream === name}
                onClick={() => terminal.core.showStream(name)}
              >
                {label}
              </button>
            ))}
          </span>
        )}
        <span className={styles.acts}>
          <IconButton label="Find in the output" disabled={!hasRun} onClick={() => terminal?.core.openFind()}>
            <Search size={16} />
          </IconButton>
          <IconButton
            label="Read as text"
            aria-pressed={isText}
            disabled={!hasRun}
            onClick={() => {
              terminal?.core.showText(!isText)
              setText(!isText)
            }}
          >
            <FileText size={16} />
          </IconButton>
          <IconButton label="Copy the output" disabled={!hasRun} onClick={() => void terminal?.core.copyAll()}>
            <Copy size={16} />
          </IconButton>
          <IconButton label="Download the output" disabled={run.jobId === undefined} onClick={onDownload}>
            <Download size={16} />
          </IconButton>
        </span>
      </div>
      {run.refusal !== undefined && run.phase === 'refused' && !isGone && (
        <div className={styles.refusal}>
          <p>{run.refusal.message}</p>
          {run.refusal.requestId !== undefined && <code>{run.refusal.requestId}</code>}
        </div>
      )}
      <div className={styles.screen}>
        {terminal !== undefined && <terminal.View terminal={terminal.core} className={styles.terminal} />}
        {error !== undefined && <Failed what="The terminal could not be loaded" error={error} />}
        {!hasRun && error === undefined && <p className={styles.hint}>{hint}</p>}
      </div>
      <ArtifactList artifacts={run.artifacts} leftOut={run.artifactsLeftOut} />
    </section>
  )
}

import type { Language } from '@runnel/client'
import type { RunAction, RunState } from '@runnel/client/run-state'
import { FilePlus } from 'lucide-react'
import type { ReactElement } from 'react'
import { IconButton } from '../../../parts/button.tsx'
import { classes } from '../../../parts/classes.ts'
import type { Draft } from '../draft/draft.ts'
import { FileTabs } from './file-tabs.tsx'
import { LanguagePicker } from './language-picker.tsx'
import styles from './run-bar.module.css'
import { RunButtons } from './run-buttons.tsx'
import { Share, type ShareProps } from './share.tsx'
import { isBusy, StateWords } from './state-words.tsx'

export interface RunBarProps {
  /** undefined while the program of a run is loaded. */
  readonly draft: Draft | undefined
  readonly automaticName: string
  readonly languages: readonly Language[]
  readonly isReadOnly: boolean
  /** On a phone: the output is shown, not the code. */
  readonly isOutputShown: boolean
  readonly run: RunState
  readonly hint: string
  readonly share: ShareProps
  readonly onChange: (change: (draft: Draft) => Draft) => void
  readonly onRun: () => void
  readonly onStop: () => void
  readonly onAct: (action: RunAction) => void
  readonly onNew: () => void
}

/** What runs, Run and Stop, how it goes, and the link to it. */
export const RunBar = (props: RunBarProps): ReactElement => {
  const {
    draft,
    automaticName,
    languages,
    isReadOnly,
    run,
    hint,
    share,
    onChange,
    onRun,
    onStop,
    onAct,
    onNew,
    isOutputShown,
  } = props
  return (
    <header className={classes(styles.bar, isOutputShown && styles.withOutput)}>
      <div className={styles.program}>
        {draft !== undefined && (
          <>
            <FileTabs draft={draft} automaticName={automaticName} isReadOnly={isReadOnly} onChange={onChange} />
            <LanguagePicker
              languages={languages}
              chosen={draft.language}
              detected={draft.detected}
              isReadOnly={isReadOnly}
              onChoose={(language) => onChange((now) => ({ ...now, language }))}
            />
          </>
        )}
      </div>
      <RunButtons isBusy={isBusy(run)} canRun={draft !== undefined} onRun={onRun} onStop={onStop} />
      <div className={styles.state}>
        <StateWords run={run} hint={hint} canRun={draft !== undefined} onAct={onAct} />
      </div>
      <div className={styles.acts}>
        <IconButton label="New program" onClick={onNew}>
          <FilePlus size={16} />
        </IconButton>
        <Share {...share} />
      </div>
    </header>
  )
}

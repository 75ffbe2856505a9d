import { Play, Square } from 'lucide-react'
import { type ReactElement, useEffect, useState } from 'react'
import { Button } from '../../../parts/button.tsx'
import { MOD } from '../../../shell/keys.ts'
import styles from './run-buttons.module.css'

/** A run that is shorter than this shows no Stop, so that nothing flickers. */
const STOP_AFTER_MS = 200

export interface RunButtonsProps {
  /** A run is sent, waits or runs. */
  readonly isBusy: boolean
  /** There is a program to run. */
  readonly canRun: boolean
  readonly onRun: () => void
  readonly onStop: () => void
}

/** Run, and Stop at another place: who pressed Run once more must not stop it, and the other way round. */
export const RunButtons = ({ isBusy, canRun, onRun, onStop }: RunButtonsProps): ReactElement => {
  const [hasStop, setStop] = useState(false)
  useEffect(() => {
    if (!isBusy) {
      setStop(false)
      return
    }
    const timer = setTimeout(() => setStop(true), STOP_AFTER_MS)
    return () => clearTimeout(timer)
  }, [isBusy])
  return (
    <span className={styles.buttons}>
      <Button kind="primary" className={styles.run} keys={`${MOD} ↵`} aria-disabled={isBusy || !canRun} onClick={onRun}>
        <Play size={14} fill="currentColor" aria-hidden="true" />
        Run
      </Button>
      <Button className={hasStop ? styles.stop : styles.away} disabled={!hasStop} onClick={onStop}>
        <Square size={12} fill="currentColor" aria-hidden="true" />
        Stop
      </Button>
    </span>
  )
}

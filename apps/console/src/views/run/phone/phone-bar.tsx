import { AppWindow, Code, Ellipsis, SquareTerminal } from 'lucide-react'
import { type ReactElement, useState } from 'react'
import { Link } from 'wouter'
import { classes } from '../../../parts/classes.ts'
import { Dialog } from '../../../parts/dialog.tsx'
import { ThemeChoices } from '../../../shell/theme-choices.tsx'
import styles from './phone-bar.module.css'

export type PhonePane = 'code' | 'output' | 'preview'

export interface PhoneBarProps {
  readonly pane: PhonePane
  /** Whether there is a preview. */
  readonly hasPreview: boolean
  /** Somebody types: the room is for the keyboard. */
  readonly isHidden: boolean
  readonly onPane: (pane: PhonePane) => void
}

/** On a phone there is room for one pane: this chooses it, and leads to the other views. */
export const PhoneBar = ({ pane, hasPreview, isHidden, onPane }: PhoneBarProps): ReactElement => {
  const [hasMore, setMore] = useState(false)
  const place = (name: PhonePane, label: string, icon: ReactElement): ReactElement => (
    <button type="button" className={styles.place} aria-pressed={pane === name} onClick={() => onPane(name)}>
      {icon}
      {label}
    </button>
  )
  return (
    <nav className={classes(styles.bar, isHidden && styles.away)} aria-label="Panes">
      {place('code', 'Code', <Code size={20} />)}
      {place('output', 'Output', <SquareTerminal size={20} />)}
      {hasPreview && place('preview', 'Preview', <AppWindow size={20} />)}
      <button type="button" className={styles.place} aria-expanded={hasMore} onClick={() => setMore(true)}>
        <Ellipsis size={20} />
        More
      </button>
      <Dialog title="More" isOpen={hasMore} onClose={() => setMore(false)}>
        <ul className={styles.more}>
          <li>
            <Link href="/history">History</Link>
          </li>
          <li>
            <Link href="/ops">Operate</Link>
          </li>
          <li>
            <Link href="/account">You</Link>
          </li>
        </ul>
        <ThemeChoices />
      </Dialog>
    </nav>
  )
}

import { Activity, Box, Files, History, Keyboard, Monitor, Moon, Play, Sun } from 'lucide-react'
import type { ReactElement, ReactNode } from 'react'
import { Link, useRoute } from 'wouter'
import { IconButton } from '../parts/button.tsx'
import { classes } from '../parts/classes.ts'
import { useDraft } from '../views/run/draft/draft-store.ts'
import styles from './rail.module.css'
import { chooseTheme, type ThemeChoice, useThemeChoice } from './theme.ts'

const Place = ({
  to,
  within = to,
  label,
  children,
}: {
  readonly to: string
  /** The routes that belong to this place. */
  readonly within?: string | RegExp
  readonly label: string
  readonly children: ReactNode
}): ReactElement => {
  const [isHere] = useRoute(within)
  return (
    <Link
      href={to}
      className={styles.place}
      aria-label={label}
      title={label}
      aria-current={isHere ? 'page' : undefined}
    >
      {children}
      <span className={styles.word}>{label}</span>
    </Link>
  )
}

/** The theme, what is chosen next, and its icon. */
const THEMES: Readonly<Record<ThemeChoice, readonly [label: string, next: ThemeChoice, icon: ReactElement]>> = {
  system: ['Theme: as the system', 'light', <Monitor key="system" size={18} />],
  light: ['Theme: light', 'dark', <Sun key="light" size={18} />],
  dark: ['Theme: dark', 'system', <Moon key="dark" size={18} />],
}

const ThemeSwitch = (): ReactElement => {
  const [label, next, icon] = THEMES[useThemeChoice()]
  return (
    <IconButton label={label} onClick={() => chooseTheme(next)}>
      {icon}
    </IconButton>
  )
}

/** `/` and the address of a run. */
const RUN = /^\/(?:r\/[^/]+)?$/

/** Where one can go: at the left, and on a phone at the bottom, where the Run view has a bar of its own. */
export const Rail = ({ onKeys, who }: { readonly onKeys: () => void; readonly who: ReactNode }): ReactElement => {
  const [isRun] = useRoute(RUN)
  const { jobId } = useDraft()
  return (
    <nav className={classes(styles.rail, isRun && styles.run)} aria-label="Places">
      <Place to={jobId === undefined ? '/' : `/r/${jobId}`} within={RUN} label="Run">
        <Play size={18} />
      </Place>
      <Place to="/sandboxes" within={/^\/(?:sandboxes|s\/.*)$/} label="Sandboxes">
        <Box size={18} />
      </Place>
      <Place to="/files" label="Files">
        <Files size={18} />
      </Place>
      <Place to="/history" within={/^\/history/} label="History">
        <History size={18} />
      </Place>
      <Place to="/ops" within={/^\/ops/} label="Operate">
        <Activity size={18} />
      </Place>
      <div className={styles.foot}>
        <ThemeSwitch />
        <IconButton label="Keys (?)" className={styles.keys} onClick={onKeys}>
          <Keyboard size={18} />
        </IconButton>
        {who}
      </div>
    </nav>
  )
}

import type { ReactElement, ReactNode } from 'react'
import styles from './spoken-only.module.css'

/** Words that screen readers say and that nobody sees. */
export const SpokenOnly = ({ children }: { readonly children: ReactNode }): ReactElement => (
  <span className={styles.words}>{children}</span>
)

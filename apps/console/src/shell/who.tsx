import { User } from 'lucide-react'
import type { ReactElement } from 'react'
import { Link } from 'wouter'
import styles from './rail.module.css'

/** Who uses this page: leads to their sessions. */
export const Who = (): ReactElement => (
  <Link href="/account" className={styles.place} aria-label="You" title="You">
    <User size={18} />
  </Link>
)

import type { ReactElement } from 'react'
import { Link, useRoute } from 'wouter'
import styles from './operate.module.css'

const Tab = ({ to, children }: { readonly to: string; readonly children: string }): ReactElement => {
  const [isHere] = useRoute(to)
  return (
    <Link href={to} className={styles.tab} aria-current={isHere ? 'page' : undefined}>
      {children}
    </Link>
  )
}

/** The title of an operator's page, and the way to the others. */
export const OpsHead = ({ title }: { readonly title: string }): ReactElement => (
  <header className={styles.head}>
    <h1>{title}</h1>
    <nav aria-label="Operate" className={styles.tabs}>
      <Tab to="/ops">System</Tab>
      <Tab to="/ops/keys">Keys and tenants</Tab>
    </nav>
  </header>
)

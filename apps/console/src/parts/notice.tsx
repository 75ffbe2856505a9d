import { type ReactElement, type ReactNode, useEffect, useState } from 'react'
import { Button } from './button.tsx'
import styles from './notice.module.css'

/** What a view says when it has nothing to show, and what to do then. */
export const Empty = ({ title, children }: { readonly title: string; readonly children?: ReactNode }): ReactElement => (
  <div className={styles.notice}>
    <p className={styles.title}>{title}</p>
    {children}
  </div>
)

const requestIdOf = (error: unknown): string | undefined => {
  if (typeof error !== 'object' || error === null || !('requestId' in error)) return undefined
  return typeof error.requestId === 'string' ? error.requestId : undefined
}

/** The sentence of an error: the API's own where there is one. */
export const sayError = (error: unknown): string =>
  error instanceof Error && error.message !== '' ? error.message : 'Something failed that has no name. Try again.'

export interface FailedProps {
  readonly error: unknown
  /** What could not be done, such as "The history could not be read". */
  readonly what: string
  readonly retry?: () => void
  /** More to do about it. */
  readonly children?: ReactNode
}

/** What failed, in the API's own words, with the reference that its log has. */
export const Failed = ({ error, what, retry, children }: FailedProps): ReactElement => {
  const requestId = requestIdOf(error)
  return (
    <div className={styles.notice} role="alert">
      <p className={styles.title}>{what}</p>
      <p>{sayError(error)}</p>
      {requestId !== undefined && (
        <p className={styles.reference}>
          Request <code>{requestId}</code>
        </p>
      )}
      {retry !== undefined && <Button onClick={retry}>Try again</Button>}
      {children}
    </div>
  )
}

/** What loads. It says nothing for the first 300 ms, because most things are there by then. */
export const Loading = ({ what }: { readonly what: string }): ReactElement => {
  const [isSlow, setSlow] = useState(false)
  useEffect(() => {
    const timer = setTimeout(() => setSlow(true), 300)
    return () => clearTimeout(timer)
  }, [])
  return (
    <div className={styles.notice} role="status">
      {isSlow && <p className={styles.loading}>{what}</p>}
    </div>
  )
}

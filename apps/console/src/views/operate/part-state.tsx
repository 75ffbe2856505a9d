import type { UseQueryResult } from '@tanstack/react-query'
import type { ReactElement, ReactNode } from 'react'
import { Button } from '../../parts/button.tsx'
import { Loading, sayError } from '../../parts/notice.tsx'
import styles from './operate.module.css'

export interface PartStateProps<T> {
  readonly query: UseQueryResult<T>
  /** What is asked for, such as `the workers`. */
  readonly what: string
  readonly children: (data: T) => ReactNode
}

/** A part of the page that asks for itself: what it has, even if it is old; until then what it waits for, or what failed. */
export const PartState = <T,>({ query, what, children }: PartStateProps<T>): ReactElement => {
  const { data, error, refetch } = query
  if (data === undefined && error === null) return <Loading what={`Asking for ${what}…`} />
  return (
    <>
      {data !== undefined && children(data)}
      {error !== null && (
        <div className={styles.failed} role="alert">
          <p>
            {data === undefined
              ? `There is no answer about ${what}.`
              : `This is as old as the last answer about ${what}.`}{' '}
            {sayError(error)}
          </p>
          <Button kind="quiet" onClick={() => void refetch()}>
            Try again
          </Button>
        </div>
      )}
    </>
  )
}

import type { ListedJob } from '@runnel/contract/public'
import type { ReactElement } from 'react'
import { Link } from 'wouter'
import { Button } from '../../parts/button.tsx'
import styles from './history.module.css'

/** Chooses a run, or takes it back. Two are compared, so a third takes the place of the first. */
export const choosePair = (chosen: readonly string[], id: string): readonly string[] =>
  chosen.includes(id) ? chosen.filter((one) => one !== id) : [...chosen, id].slice(-2)

/** The address of the comparison: the older run first. */
const toCompareLink = (chosen: readonly string[], rows: readonly ListedJob[]): string => {
  const place = (id: string): number => rows.findIndex((row) => row.id === id)
  const [a, b] = chosen.toSorted((one, other) => place(other) - place(one))
  return `/history/compare?a=${a}&b=${b}`
}

/** Appears with the first chosen run, and leads to the comparison with the second. */
export const SelectionBar = ({
  chosen,
  rows,
  onClear,
}: {
  readonly chosen: readonly string[]
  readonly rows: readonly ListedJob[]
  readonly onClear: () => void
}): ReactElement | null => {
  if (chosen.length === 0) return null
  return (
    <div className={styles.selection} role="status">
      {chosen.length === 1 ? (
        <span>1 run chosen. Choose another to compare them.</span>
      ) : (
        <>
          <span>2 runs chosen.</span>
          <Link href={toCompareLink(chosen, rows)} className={styles.compare}>
            Compare
          </Link>
        </>
      )}
      <Button kind="quiet" onClick={onClear}>
        Clear
      </Button>
    </div>
  )
}

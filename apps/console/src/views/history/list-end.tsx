import type { ReactElement } from 'react'
import { Button } from '../../parts/button.tsx'
import { formatCount, formatMoment } from '../../parts/format.ts'
import { sayError } from '../../parts/notice.tsx'
import styles from './history.module.css'
import type { HistoryPages } from './history-pages.ts'

const sayEnd = ({ hasMore, lookedBackTo }: HistoryPages, count: number): string => {
  const found = count === 0 ? 'No run passes the filter' : `${formatCount(count, 'run')} found`
  if (lookedBackTo !== undefined)
    return hasMore
      ? `${found}, looking back to ${formatMoment(new Date(lookedBackTo))}.`
      : `${found} in all that is kept, back to ${formatMoment(new Date(lookedBackTo))}.`
  if (count === 0) return `${found}.`
  return hasMore ? '' : `${formatCount(count, 'run')}, all that is kept.`
}

/** Under the last row: how far back the list looked, and how to look further. */
export const ListEnd = ({ pages, count }: { readonly pages: HistoryPages; readonly count: number }): ReactElement => {
  const { hasMore, isLoadingMore, waitsForAsk, lateError, loadMore } = pages
  const words = sayEnd(pages, count)
  return (
    <div className={styles.end} role="status">
      {lateError !== null && <p className={styles.fault}>{sayError(lateError)}</p>}
      {words !== '' && <p>{words}</p>}
      {isLoadingMore && <p>Looking…</p>}
      {hasMore && waitsForAsk && !isLoadingMore && <Button onClick={loadMore}>Look further</Button>}
    </div>
  )
}

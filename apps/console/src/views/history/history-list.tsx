import { formatMeasured } from '@runnel/client/run-state'
import type { ListedJob } from '@runnel/contract/public'
import { defaultRangeExtractor, useVirtualizer } from '@tanstack/react-virtual'
import { type KeyboardEvent, type ReactElement, useEffect, useRef, useState } from 'react'
import { Button } from '../../parts/button.tsx'
import { classes } from '../../parts/classes.ts'
import { formatCount } from '../../parts/format.ts'
import { FINGER, PHONE, useMedia } from '../../parts/use-media.ts'
import { useNow } from '../../parts/use-now.ts'
import styles from './history.module.css'
import type { HistoryPages } from './history-pages.ts'
import { HistoryRow } from './history-row.tsx'
import { ListEnd } from './list-end.tsx'
import { toRunTimes } from './run-times.ts'
import { chooseScaleMs } from './time-scale.ts'

export interface HistoryListProps {
  readonly pages: HistoryPages
  readonly rows: readonly ListedJob[]
  readonly languages: ReadonlyMap<string, string>
  readonly chosen: readonly string[]
  readonly onChoose: (id: string) => void
}

/** As in the CSS. A phone shows a run in two lines. */
const useRowHeight = (): number => {
  const isPhone = useMedia(PHONE)
  const isFinger = useMedia(FINGER)
  if (isPhone) return 68
  return isFinger ? 44 : 36
}

/** Where a key leads from row `at` of `count`; undefined: it is not for the list. */
const moveTo = (key: string, at: number, count: number, pageRows: number): number | undefined => {
  const moves: Readonly<Record<string, number>> = {
    ArrowDown: at + 1,
    ArrowUp: at - 1,
    PageDown: at + pageRows,
    PageUp: at - pageRows,
    Home: 0,
    End: count - 1,
  }
  const target = moves[key]
  return target === undefined ? undefined : Math.max(0, Math.min(count - 1, target))
}

/** The rows, of which only those on the screen are in the page. ↑ ↓ go from row to row, Enter opens, Space chooses. */
export const HistoryList = ({ pages, rows, languages, chosen, onChoose }: HistoryListProps): ReactElement => {
  const scroller = useRef<HTMLDivElement>(null)
  const rowHeight = useRowHeight()
  const nowMs = useNow(
    rows.some(({ status }) => status !== 'finished'),
    1_000,
  )
  const [current, setCurrent] = useState(0)
  const [focusAt, setFocusAt] = useState<number>()
  // Chosen once for a list: lines that change their length while one reads would be lies.
  const [scaleMs] = useState(() =>
    chooseScaleMs(rows.map((row) => toRunTimes(row, Date.now())).map(({ waitedMs, ranMs }) => waitedMs + ranMs)),
  )
  const hasWho = rows.some(({ key }) => key !== undefined)
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    getItemKey: (index) => rows[index]?.id ?? index,
    overscan: 12,
    // The current row stays in the page, or it would lose the focus when it is scrolled away.
    rangeExtractor: (range) =>
      [...new Set([...defaultRangeExtractor(range), Math.min(current, range.count - 1)])].toSorted(
        (one, other) => one - other,
      ),
  })
  // Another height, measured anew.
  useEffect(() => virtualizer.measure(), [rowHeight])

  const items = virtualizer.getVirtualItems()
  const lastSeen = items.at(-1)?.index ?? 0
  const { hasMore, isLoadingMore, waitsForAsk, loadMore } = pages
  useEffect(() => {
    if (hasMore && !isLoadingMore && !waitsForAsk && lastSeen >= rows.length - 20) loadMore()
  }, [hasMore, isLoadingMore, waitsForAsk, loadMore, lastSeen, rows.length])

  useEffect(() => {
    if (focusAt === undefined) return
    const link = scroller.current?.querySelector<HTMLElement>(`[data-index="${focusAt}"] [data-row-link]`)
    link?.focus({ preventScroll: true })
    setFocusAt(undefined)
  }, [focusAt])

  const onKeyDown = (event: KeyboardEvent): void => {
    const pageRows = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 0) / rowHeight) - 1)
    const target = moveTo(event.key, current, rows.length, pageRows)
    if (target !== undefined) {
      event.preventDefault()
      setCurrent(target)
      virtualizer.scrollToIndex(target)
      setFocusAt(target)
    }
    const row = rows[current]
    if (event.key === ' ' && row !== undefined && !(event.target instanceof HTMLInputElement)) {
      event.preventDefault()
      onChoose(row.id)
    }
  }

  return (
    <>
      <div className={classes(styles.row, styles.heads, hasWho && styles.withWho)} aria-hidden="true">
        <span className={styles.firstHead}>First line</span>
        <span className={styles.language}>Language</span>
        <span className={styles.scale}>
          <span>0</span>
          <span>{formatMeasured(scaleMs)}</span>
        </span>
        <span className={styles.outcome}>How it ended</span>
        <span className={styles.when}>When</span>
        {hasWho && <span className={styles.who}>Who</span>}
      </div>
      {/** biome-ignore lint/a11y/noStaticElementInteractions: the keys of the list; each row has its own link and box */}
      <div
        ref={scroller}
        className={styles.scroller}
        onScroll={(event) => pages.setReading(event.currentTarget.scrollTop > rowHeight)}
        onKeyDown={onKeyDown}
      >
        {pages.newCount > 0 && (
          <Button
            className={styles.news}
            onClick={() => {
              pages.setReading(false)
              virtualizer.scrollToOffset(0)
            }}
          >
            {formatCount(pages.newCount, 'new run')}
          </Button>
        )}
        <ul className={styles.rows} style={{ height: virtualizer.getTotalSize() }} aria-label="Runs, newest first">
          {items.map(({ index, key, start }) => {
            const job = rows[index]
            if (job === undefined) return null
            return (
              <li
                key={key}
                data-index={index}
                aria-setsize={hasMore ? -1 : rows.length}
                aria-posinset={index + 1}
                style={{ height: rowHeight, transform: `translateY(${start}px)` }}
                onFocus={() => setCurrent(index)}
              >
                <HistoryRow
                  job={job}
                  language={languages.get(job.language) ?? job.language}
                  scaleMs={scaleMs}
                  nowMs={nowMs}
                  isChosen={chosen.includes(job.id)}
                  isCurrent={index === Math.min(current, rows.length - 1)}
                  hasWho={hasWho}
                  onChoose={() => onChoose(job.id)}
                />
              </li>
            )
          })}
        </ul>
        <ListEnd pages={pages} count={rows.length} />
      </div>
    </>
  )
}

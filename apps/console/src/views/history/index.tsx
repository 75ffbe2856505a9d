import { useQuery } from '@tanstack/react-query'
import { type ReactElement, useState } from 'react'
import { useLocation, useSearch } from 'wouter'
import { client } from '../../client.ts'
import { Empty, Failed, Loading } from '../../parts/notice.tsx'
import { useTitle } from '../../parts/use-title.ts'
import { type HistoryFilter, hasFilter, readFilter, writeFilter } from './filter.ts'
import { FilterBar } from './filter-bar.tsx'
import styles from './history.module.css'
import { HistoryList } from './history-list.tsx'
import { useHistoryPages } from './history-pages.ts'
import { choosePair, SelectionBar } from './selection.tsx'

const NothingRan = (): ReactElement => (
  <Empty title="Nothing has run yet.">
    <p>Run something, it appears here.</p>
  </Empty>
)

/** What ran: newest first, filtered by what the address says. */
const History = (): ReactElement => {
  useTitle('History')
  const filter = readFilter(useSearch())
  const [, navigate] = useLocation()
  const [pair, setPair] = useState<readonly string[]>([])
  const languages = useQuery({ queryKey: ['languages'], queryFn: () => client.languages(), staleTime: Infinity })
  const pages = useHistoryPages(filter)

  const setFilter = (next: HistoryFilter): void => {
    const search = writeFilter(next)
    // A filter is not a place of its own: "back" leads to where one came from.
    navigate(search === '' ? '/history' : `/history?${search}`, { replace: true })
  }

  return (
    <section className={styles.view} aria-labelledby="history-title">
      <header className={styles.header}>
        <h1 id="history-title">History</h1>
        <FilterBar filter={filter} languages={languages.data ?? []} onChange={setFilter} />
      </header>
      {pages.rows === undefined && pages.error === null && <Loading what="Reading the history…" />}
      {pages.rows === undefined && pages.error !== null && (
        <Failed what="The history could not be read" error={pages.error} retry={pages.retry} />
      )}
      {pages.rows !== undefined && pages.rows.length === 0 && !pages.hasMore && !hasFilter(filter) && <NothingRan />}
      {pages.rows !== undefined && (pages.rows.length > 0 || pages.hasMore || hasFilter(filter)) && (
        <HistoryList
          key={writeFilter(filter)}
          pages={pages}
          rows={pages.rows}
          languages={new Map((languages.data ?? []).map(({ id, name }) => [id, name]))}
          chosen={pair}
          onChoose={(id) => setPair((chosen) => choosePair(chosen, id))}
        />
      )}
      <SelectionBar chosen={pair} rows={pages.rows ?? []} onClear={() => setPair([])} />
    </section>
  )
}

export default History

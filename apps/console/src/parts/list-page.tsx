import type { UseInfiniteQueryResult } from '@tanstack/react-query'
import type { ReactElement, ReactNode } from 'react'
import { Button } from './button.tsx'
import styles from './list-page.module.css'
import { Empty, Failed, Loading } from './notice.tsx'

/** A view that is one long table: what it has, page by page, or why there is nothing to see. */
export const ListPage = ({
  title,
  what,
  action,
  pages,
  rows,
  columns,
  empty,
}: {
  readonly title: string
  /** As in "The files could not be read". */
  readonly what: string
  /** Beside the title. */
  readonly action: ReactNode
  readonly pages: Pick<
    UseInfiniteQueryResult,
    'isError' | 'error' | 'refetch' | 'hasNextPage' | 'isFetchingNextPage' | 'fetchNextPage'
  >
  /** A `tr` each. undefined: they are not known yet. */
  readonly rows: readonly ReactElement[] | undefined
  /** The heads of the columns, each different. */
  readonly columns: readonly (string | ReactElement)[]
  readonly empty: { readonly title: string; readonly hint: string }
}): ReactElement => (
  <section className={styles.view} aria-labelledby="list-title">
    <header className={styles.header}>
      <h1 id="list-title">{title}</h1>
      {action}
    </header>
    {rows === undefined && !pages.isError && <Loading what={`Asking for the ${what}…`} />}
    {rows === undefined && pages.isError && (
      <Failed what={`The ${what} could not be read`} error={pages.error} retry={() => void pages.refetch()} />
    )}
    {rows?.length === 0 && (
      <Empty title={empty.title}>
        <p>{empty.hint}</p>
      </Empty>
    )}
    {rows !== undefined && rows.length > 0 && (
      <div className={styles.scroller}>
        <table className={styles.table}>
          <thead>
            <tr>
              {columns.map((head) => (
                <th key={typeof head === 'string' ? head : head.key} scope="col">
                  {head}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>{rows}</tbody>
        </table>
        {pages.hasNextPage && (
          <Button disabled={pages.isFetchingNextPage} onClick={() => void pages.fetchNextPage()}>
            More
          </Button>
        )}
      </div>
    )}
  </section>
)

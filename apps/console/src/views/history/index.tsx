import type { ReactElement } from 'react'
import { Empty } from '../../parts/notice.tsx'

const History = (): ReactElement => (
  <Empty title="Nothing has run yet.">
    <p>Run something, it appears here.</p>
  </Empty>
)
export default History

import type { ReactElement } from 'react'
import { Link } from 'wouter'
import { Empty } from '../../parts/notice.tsx'

const Compare = (): ReactElement => (
  <Empty title="No two runs are chosen.">
    <p>
      Select two in the <Link href="/history">history</Link>.
    </p>
  </Empty>
)
export default Compare

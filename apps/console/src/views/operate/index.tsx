import type { ReactElement } from 'react'
import { Empty } from '../../parts/notice.tsx'

const Operate = (): ReactElement => (
  <Empty title="No worker is alive.">
    <p>Jobs wait until one starts.</p>
  </Empty>
)
export default Operate

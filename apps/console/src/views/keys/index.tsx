import type { ReactElement } from 'react'
import { Empty } from '../../parts/notice.tsx'

const Keys = (): ReactElement => (
  <Empty title="There are no keys.">
    <p>Only this machine can use the API.</p>
  </Empty>
)
export default Keys

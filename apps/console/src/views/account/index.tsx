import type { ReactElement } from 'react'
import { Empty } from '../../parts/notice.tsx'

const Account = (): ReactElement => (
  <Empty title="You are on this machine.">
    <p>No key is needed.</p>
  </Empty>
)
export default Account

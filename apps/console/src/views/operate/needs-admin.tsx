import type { ReactElement } from 'react'
import { Link } from 'wouter'
import { Empty } from '../../parts/notice.tsx'

/** Instead of an operator's page, for a key that may not see it. */
export const NeedsAdmin = (): ReactElement => (
  <Empty title="Your key does not allow this.">
    <p>
      This page needs a key with the scope <code>admin</code>. <Link href="/account">Sign in with another key</Link>, or
      ask the operator of this system for one.
    </p>
  </Empty>
)

import type { ReactElement } from 'react'
import { Link } from 'wouter'
import { Empty } from '../../parts/notice.tsx'

const SignIn = (): ReactElement => (
  <Empty title="No key is needed here.">
    <p>
      You are on the machine that runs Runnel. <Link href="/">Run a program</Link>
    </p>
  </Empty>
)
export default SignIn

import type { ReactElement } from 'react'
import { Redirect } from 'wouter'
import { UnknownCaller } from '../../parts/unknown-caller.tsx'
import { useTitle } from '../../parts/use-title.ts'
import { useWho } from '../../session.ts'
import SignedOut from './signed-out.tsx'

/** Who has a session, or needs none because the API is on this machine and has no keys, goes straight on. */
const SignIn = (): ReactElement => {
  useTitle('Sign in')
  const { caller, isSignedOut, hasEnded } = useWho()
  if (caller !== undefined) return <Redirect to="/account" replace />
  if (!isSignedOut) return <UnknownCaller />
  return <SignedOut hasEnded={hasEnded} />
}

export default SignIn

import type { ReactElement } from 'react'
import { useWho } from '../session.ts'
import { Failed, Loading } from './notice.tsx'

/** In the place of a view that must know who looks at it, until it does. */
export const UnknownCaller = (): ReactElement => {
  const { error, askAgain } = useWho()
  return error === null ? (
    <Loading what="Asking who you are…" />
  ) : (
    <Failed what="The API did not say who you are" error={error} retry={askAgain} />
  )
}

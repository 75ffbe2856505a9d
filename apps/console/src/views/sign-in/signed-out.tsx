import type { ReactElement } from 'react'
import styles from './sign-in.module.css'
import { SignInForm } from './sign-in-form.tsx'

/** In the place of a view that needs someone. */
const SignedOut = ({ hasEnded }: { readonly hasEnded: boolean }): ReactElement => (
  <section className={styles.view} aria-labelledby="sign-in-title">
    <h1 id="sign-in-title">Sign in</h1>
    <p>
      {hasEnded
        ? 'Your session has ended, or its key no longer works.'
        : 'This system needs a key. It is asked for once, and this browser keeps a session in its place.'}
    </p>
    <SignInForm />
    <p className={styles.note}>
      No key yet? The operator of this system makes one: under Operate, or with <code>npm run keys -- create</code>.
    </p>
  </section>
)

export default SignedOut

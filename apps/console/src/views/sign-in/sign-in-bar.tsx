import { type ReactElement, useState } from 'react'
import { Button } from '../../parts/button.tsx'
import { Dialog } from '../../parts/dialog.tsx'
import styles from './sign-in.module.css'
import { SignInForm } from './sign-in-form.tsx'

/** Over the program of someone who is signed out: the program stays as it is. */
const SignInBar = ({ hasEnded }: { readonly hasEnded: boolean }): ReactElement => {
  const [isOpen, setOpen] = useState(false)
  return (
    <div className={styles.bar} role="status">
      <p>
        {hasEnded
          ? 'This key no longer works. Sign in; your program stays here.'
          : 'Sign in to run programs. What you write stays here.'}
      </p>
      <Button kind="outline" onClick={() => setOpen(true)}>
        Sign in
      </Button>
      <Dialog title="Sign in" isOpen={isOpen} onClose={() => setOpen(false)}>
        <SignInForm onDone={() => setOpen(false)} />
      </Dialog>
    </div>
  )
}

export default SignInBar

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type ReactElement, useState } from 'react'
import { Button } from '../../parts/button.tsx'
import { Field } from '../../parts/field.tsx'
import { sayError } from '../../parts/notice.tsx'
import { isSignedOut, signIn } from '../../session.ts'
import styles from './sign-in.module.css'

const sayFault = (error: unknown): string =>
  isSignedOut(error) ? 'This key is not valid here: it is wrong, expired or revoked.' : sayError(error)

/** One field. `onDone`: signed in. */
export const SignInForm = ({ onDone }: { readonly onDone?: () => void }): ReactElement => {
  const queries = useQueryClient()
  const [key, setKey] = useState('')
  const send = useMutation({
    mutationFn: () => signIn(queries, key.trim()),
    onSuccess: () => onDone?.(),
  })
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault()
        if (key.trim() !== '') send.mutate()
      }}
    >
      <Field label="Key" hint="It begins with rnl_" fault={send.isError ? sayFault(send.error) : undefined}>
        {(attributes) => (
          <input
            {...attributes}
            type="password"
            name="key"
            autoComplete="current-password"
            spellCheck={false}
            required
            // biome-ignore lint/a11y/noAutofocus: the only thing to do here
            autoFocus
            value={key}
            onChange={(event) => {
              setKey(event.target.value)
              send.reset()
            }}
          />
        )}
      </Field>
      <Button kind="primary" type="submit" disabled={send.isPending}>
        Sign in
      </Button>
    </form>
  )
}

import type { Key } from '@runnel/contract/public'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type ReactElement, useState } from 'react'
import { client } from '../../client.ts'
import { Button } from '../../parts/button.tsx'
import { Dialog } from '../../parts/dialog.tsx'
import { Field } from '../../parts/field.tsx'
import { sayError } from '../../parts/notice.tsx'
import styles from './keys.module.css'

export interface RevokeDialogProps {
  /** Undefined: it is closed. */
  readonly apiKey: Key | undefined
  /** The key that this browser is signed in with. */
  readonly isOwn: boolean
  readonly onClose: () => void
}

/** What one types to agree: a name is easier to know than an id. */
const toWord = ({ name, id }: Key): string => (name === '' ? id : name)

const Content = ({ apiKey, isOwn, onClose }: RevokeDialogProps & { readonly apiKey: Key }): ReactElement => {
  const queries = useQueryClient()
  const [typed, setTyped] = useState('')
  const word = toWord(apiKey)
  const revoke = useMutation({
    mutationFn: () => client.request<Key>('DELETE', `/v1/admin/keys/${encodeURIComponent(apiKey.id)}`),
    onSuccess: onClose,
    onSettled: () =>
      Promise.all([
        queries.invalidateQueries({ queryKey: ['keys'] }),
        isOwn && queries.invalidateQueries({ queryKey: ['caller'] }),
      ]),
  })
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault()
        if (typed.trim() === word) revoke.mutate()
      }}
    >
      <p>
        Within five seconds it is refused everywhere, its sessions end and its streams are closed. Jobs that run go on.
        This cannot be taken back.
      </p>
      {isOwn && <p className={styles.warning}>You are signed in with this key: you will be signed out.</p>}
      <Field label={`Type ${word} to revoke it`}>
        {(attributes) => (
          <input
            {...attributes}
            autoComplete="off"
            spellCheck={false}
            value={typed}
            onChange={(event) => setTyped(event.target.value)}
          />
        )}
      </Field>
      {revoke.isError && (
        <p role="alert" className={styles.fault}>
          {sayError(revoke.error)}
        </p>
      )}
      <div className={styles.buttons}>
        <Button kind="danger" type="submit" disabled={typed.trim() !== word || revoke.isPending}>
          Revoke
        </Button>
        <Button kind="quiet" onClick={onClose}>
          Leave it
        </Button>
      </div>
    </form>
  )
}

/** Revoking asks for the key's name, so that no slip of the hand does it. */
export const RevokeDialog = (props: RevokeDialogProps): ReactElement => {
  const { apiKey, onClose } = props
  return (
    <Dialog title="Revoke this key?" isOpen={apiKey !== undefined} onClose={onClose}>
      {apiKey !== undefined && <Content key={apiKey.id} {...props} apiKey={apiKey} />}
    </Dialog>
  )
}

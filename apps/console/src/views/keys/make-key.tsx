import type { Key, Scope } from '@runnel/contract/public'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type ReactElement, useId, useState } from 'react'
import { client } from '../../client.ts'
import { Button } from '../../parts/button.tsx'
import { Dialog } from '../../parts/dialog.tsx'
import { Field } from '../../parts/field.tsx'
import { sayError } from '../../parts/notice.tsx'
import { openSession } from '../../session.ts'
import styles from './keys.module.css'
import { NewKey } from './new-key.tsx'

const SCOPES: readonly (readonly [Scope, string])[] = [
  ['submit', 'run programs, write to them, cancel them'],
  ['read', 'see jobs and follow them'],
  ['sandboxes', 'make sandboxes that last, and use those of the tenant'],
  ['admin', 'operate this system, make keys, set limits'],
]

const LIFETIMES = [
  ['never', 'Never'],
  ['1', 'In a day'],
  ['30', 'In 30 days'],
  ['365', 'In a year'],
] as const
const DAY_MS = 86_400_000

export interface MakeKeyProps {
  /** There is no key yet. With the first, everybody needs one: this browser is signed in with it. */
  readonly isFirst: boolean
  readonly tenants: readonly string[]
  readonly ownTenant: string
}

type MadeKey = Key & { readonly key: string }

const toExpiry = (days: string): string | null =>
  days === 'never' ? null : new Date(Date.now() + Number(days) * DAY_MS).toISOString()

const Form = ({
  isFirst,
  tenants,
  ownTenant,
  onMade,
}: MakeKeyProps & { readonly onMade: (key: MadeKey) => void }): ReactElement => {
  const queries = useQueryClient()
  const [name, setName] = useState('')
  const [tenant, setTenant] = useState(ownTenant)
  const [scopes, setScopes] = useState<readonly Scope[]>(
    isFirst ? ['submit', 'read', 'sandboxes', 'admin'] : ['submit', 'read'],
  )
  const [days, setDays] = useState('never')
  const listId = useId()
  const make = useMutation({
    async mutationFn() {
      const body = { tenant, scopes, name: name.trim(), expiresAt: toExpiry(days) }
      const made = await client.request<MadeKey>('POST', '/v1/admin/keys', { body })
      // From now on this browser would be refused. Nothing is read anew yet: that would take the new key off the page.
      if (isFirst) await openSession(queries, made.key)
      return made
    },
    onSuccess: onMade,
  })
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault()
        make.mutate()
      }}
    >
      {isFirst && (
        <p className={styles.warning}>
          This is the first key: from then on everybody needs one, also on this machine. You will be signed in with it.
        </p>
      )}
      <Field label="Name" hint="Where it will be used">
        {(attributes) => (
          <input
            {...attributes}
            maxLength={100}
            autoComplete="off"
            value={name}
            onChange={(event) => setName(event.target.value)}
          />
        )}
      </Field>
      <Field label="Tenant" hint="Whose jobs it submits and sees. A new name makes a new tenant.">
        {(attributes) => (
          <input
            {...attributes}
            required
            list={listId}
            autoComplete="off"
            spellCheck={false}
            pattern="[a-z0-9][a-z0-9_\-]{0,62}"
            title="Up to 63 lower-case letters, digits, dashes and underscores"
            value={tenant}
            onChange={(event) => setTenant(event.target.value)}
          />
        )}
      </Field>
      <datalist id={listId}>
        {tenants.map((one) => (
          <option key={one} value={one} />
        ))}
      </datalist>
      <fieldset className={styles.scopes}>
        <legend>It may</legend>
        {SCOPES.map(([scope, words]) => (
          <label key={scope}>
            <input
              type="checkbox"
              disabled={isFirst && scope === 'admin'}
              checked={scopes.includes(scope)}
              onChange={() =>
                setScopes(scopes.includes(scope) ? scopes.filter((one) => one !== scope) : [...scopes, scope])
              }
            />
            <span>
              <code>{scope}</code> {words}
            </span>
          </label>
        ))}
      </fieldset>
      <Field label="It expires">
        {(attributes) => (
          <select {...attributes} value={days} onChange={(event) => setDays(event.target.value)}>
            {LIFETIMES.map(([value, words]) => (
              <option key={value} value={value}>
                {words}
              </option>
            ))}
          </select>
        )}
      </Field>
      {make.isError && (
        <p role="alert" className={styles.fault}>
          {sayError(make.error)}
        </p>
      )}
      <div className={styles.buttons}>
        <Button kind="primary" type="submit" disabled={make.isPending || scopes.length === 0}>
          Make the key
        </Button>
      </div>
    </form>
  )
}

/** A button, the form behind it, and then the key: once. */
export const MakeKey = (props: MakeKeyProps): ReactElement => {
  const queries = useQueryClient()
  const [isOpen, setOpen] = useState(false)
  const [made, setMade] = useState<MadeKey>()
  const close = (): void => {
    setOpen(false)
    setMade(undefined)
    void queries.invalidateQueries({ queryKey: ['keys'] })
  }
  return (
    <>
      <Button onClick={() => setOpen(true)}>Make a key</Button>
      <Dialog title={made === undefined ? 'Make a key' : 'The new key'} isOpen={isOpen} onClose={close}>
        {made === undefined ? <Form {...props} onMade={setMade} /> : <NewKey text={made.key} onDone={close} />}
      </Dialog>
    </>
  )
}

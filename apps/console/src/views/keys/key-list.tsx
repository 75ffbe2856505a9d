import type { Key } from '@runnel/contract/public'
import { type ReactElement, useState } from 'react'
import { Button } from '../../parts/button.tsx'
import { classes } from '../../parts/classes.ts'
import { RelativeTime } from '../../parts/relative-time.tsx'
import { SpokenOnly } from '../../parts/spoken-only.tsx'
import { useWho } from '../../session.ts'
import { sayTimeLeft } from '../account/time-left.ts'
import styles from './keys.module.css'
import { RevokeDialog } from './revoke-dialog.tsx'

type KeyState = 'good' | 'expired' | 'revoked'

const stateOf = ({ revokedAt, expiresAt }: Key, now: Date): KeyState => {
  if (revokedAt !== null) return 'revoked'
  return expiresAt !== null && Date.parse(expiresAt) <= now.getTime() ? 'expired' : 'good'
}

const Expiry = ({ apiKey, state }: { readonly apiKey: Key; readonly state: KeyState }): ReactElement => {
  if (state === 'revoked')
    return (
      <>
        Revoked <RelativeTime at={apiKey.revokedAt ?? apiKey.createdAt} />
      </>
    )
  if (apiKey.expiresAt === null) return <>Never</>
  if (state === 'expired')
    return (
      <>
        Expired <RelativeTime at={apiKey.expiresAt} />
      </>
    )
  return <>{sayTimeLeft(new Date(apiKey.expiresAt), new Date())}</>
}

const KeyRow = ({
  apiKey,
  isOwn,
  onRevoke,
}: {
  readonly apiKey: Key
  readonly isOwn: boolean
  readonly onRevoke: () => void
}): ReactElement => {
  const state = stateOf(apiKey, new Date())
  return (
    <tr className={classes(state !== 'good' && styles.past)}>
      <th scope="row">
        {apiKey.name === '' ? <span className={styles.muted}>without a name</span> : apiKey.name}
        {isOwn && <strong> (yours)</strong>}
      </th>
      <td data-label="Key">
        <code>rnl_{apiKey.id}</code>
      </td>
      <td data-label="Tenant">{apiKey.tenant}</td>
      <td data-label="May">{apiKey.scopes.join(', ')}</td>
      <td data-label="Made">
        <RelativeTime at={apiKey.createdAt} />
      </td>
      <td data-label="Last used">{apiKey.lastUsedAt === null ? 'never' : <RelativeTime at={apiKey.lastUsedAt} />}</td>
      <td data-label="Ends">
        <Expiry apiKey={apiKey} state={state} />
      </td>
      <td className={styles.act}>
        {state !== 'revoked' && (
          <Button kind="quiet" onClick={onRevoke} aria-label={`Revoke ${apiKey.name || apiKey.id}`}>
            Revoke
          </Button>
        )}
      </td>
    </tr>
  )
}

/** Those that work first, then the revoked and expired ones. */
export const KeyList = ({ keys }: { readonly keys: readonly Key[] }): ReactElement => {
  const { caller } = useWho()
  const [revokedId, setRevokedId] = useState<string>()
  const now = new Date()
  const isGood = (key: Key): boolean => stateOf(key, now) === 'good'
  if (keys.length === 0)
    return (
      <p className={styles.muted}>
        There is no key yet: everybody on this machine may do everything, and nobody else may do anything.
      </p>
    )
  return (
    <>
      <table className={styles.table}>
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">Key</th>
            <th scope="col">Tenant</th>
            <th scope="col">May</th>
            <th scope="col">Made</th>
            <th scope="col">Last used</th>
            <th scope="col">Ends</th>
            <th scope="col">
              <SpokenOnly>Revoke</SpokenOnly>
            </th>
          </tr>
        </thead>
        <tbody>
          {[...keys.filter(isGood), ...keys.filter((key) => !isGood(key))].map((key) => (
            <KeyRow
              key={key.id}
              apiKey={key}
              isOwn={key.id === caller?.key?.id}
              onRevoke={() => setRevokedId(key.id)}
            />
          ))}
        </tbody>
      </table>
      <RevokeDialog
        apiKey={keys.find(({ id }) => id === revokedId)}
        isOwn={revokedId === caller?.key?.id}
        onClose={() => setRevokedId(undefined)}
      />
    </>
  )
}

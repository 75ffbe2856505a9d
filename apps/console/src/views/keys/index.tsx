import type { Key } from '@runnel/contract/public'
import { useQuery } from '@tanstack/react-query'
import type { ReactElement } from 'react'
import { client } from '../../client.ts'
import { Failed, Loading } from '../../parts/notice.tsx'
import { UnknownCaller } from '../../parts/unknown-caller.tsx'
import { useTitle } from '../../parts/use-title.ts'
import { useWho } from '../../session.ts'
import { NeedsAdmin } from '../operate/needs-admin.tsx'
import { OpsHead } from '../operate/ops-head.tsx'
import { KeyList } from './key-list.tsx'
import styles from './keys.module.css'
import { MakeKey } from './make-key.tsx'
import { TenantPart } from './tenant-part.tsx'

/** The tenants that have a key, and one's own. */
const tenantsOf = (keys: readonly Key[], own: string): readonly string[] =>
  [...new Set([own, ...keys.map(({ tenant }) => tenant)])].toSorted()

const Content = ({ ownTenant }: { readonly ownTenant: string }): ReactElement => {
  const list = useQuery({
    queryKey: ['keys'],
    queryFn: ({ signal }) => client.request<{ keys: Key[] }>('GET', '/v1/admin/keys', { signal }),
  })
  if (list.data === undefined)
    return list.isError ? (
      <Failed what="The keys could not be read" error={list.error} retry={() => void list.refetch()} />
    ) : (
      <Loading what="Asking for the keys…" />
    )
  const { keys } = list.data
  const tenants = tenantsOf(keys, ownTenant)
  return (
    <>
      <section className={styles.part} aria-labelledby="keys-title">
        <div className={styles.partHead}>
          <h2 id="keys-title">Keys</h2>
          <MakeKey isFirst={keys.length === 0} tenants={tenants} ownTenant={ownTenant} />
        </div>
        <KeyList keys={keys} />
      </section>
      <TenantPart tenants={tenants} ownTenant={ownTenant} />
    </>
  )
}

/** Who may use this system, and how much of it. */
const Keys = (): ReactElement => {
  useTitle('Keys and tenants')
  const { caller } = useWho()
  return (
    <div className={styles.view}>
      <OpsHead title="Operate" />
      {caller === undefined && <UnknownCaller />}
      {caller !== undefined &&
        (caller.scopes.includes('admin') ? <Content ownTenant={caller.tenant} /> : <NeedsAdmin />)}
    </div>
  )
}

export default Keys

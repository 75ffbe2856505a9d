import type { Tenant } from '@runnel/contract/public'
import { useQuery } from '@tanstack/react-query'
import type { ReactElement } from 'react'
import { useLocation, useSearch } from 'wouter'
import { client } from '../../client.ts'
import { Chip } from '../../parts/chip.tsx'
import { Failed, Loading } from '../../parts/notice.tsx'
import styles from './keys.module.css'
import { TenantLimitsForm } from './tenant-limits-form.tsx'

/** The limits of one tenant. The address says which. */
export const TenantPart = ({
  tenants,
  ownTenant,
}: {
  readonly tenants: readonly string[]
  readonly ownTenant: string
}): ReactElement => {
  const [, navigate] = useLocation()
  const asked = new URLSearchParams(useSearch()).get('tenant')
  const id = asked ?? ownTenant
  const known = tenants.includes(id) ? tenants : [...tenants, id]
  const tenant = useQuery({
    queryKey: ['tenant', id],
    queryFn: ({ signal }) => client.request<Tenant>('GET', `/v1/admin/tenants/${encodeURIComponent(id)}`, { signal }),
    refetchOnWindowFocus: false,
  })
  return (
    <section className={styles.part} aria-labelledby="tenant-title">
      <div className={styles.partHead}>
        <h2 id="tenant-title">Limits of a tenant</h2>
        <fieldset className={styles.tenants} aria-label="Tenant">
          {known.map((one) => (
            <Chip
              key={one}
              pressed={one === id}
              onClick={() => navigate(`/ops/keys?tenant=${encodeURIComponent(one)}`, { replace: true })}
            >
              {one}
            </Chip>
          ))}
        </fieldset>
      </div>
      {tenant.data === undefined && !tenant.isError && <Loading what="Asking for its limits…" />}
      {tenant.data === undefined && tenant.isError && (
        <Failed what="Its limits could not be read" error={tenant.error} retry={() => void tenant.refetch()} />
      )}
      {tenant.data !== undefined && <TenantLimitsForm key={id} tenant={tenant.data} />}
    </section>
  )
}

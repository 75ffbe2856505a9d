import type { Tenant } from '@runnel/contract/public'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type ReactElement, useState } from 'react'
import { client } from '../../client.ts'
import { Button } from '../../parts/button.tsx'
import { Chip } from '../../parts/chip.tsx'
import { Field } from '../../parts/field.tsx'
import { sayError } from '../../parts/notice.tsx'
import styles from './keys.module.css'
import { BOUND_FIELDS, findFault, LIMIT_FIELDS, type TenantField, toLimits, toTexts } from './tenant-form.ts'

/** All limits of a tenant, saved together. */
export const TenantLimitsForm = ({ tenant }: { readonly tenant: Tenant }): ReactElement => {
  const queries = useQueryClient()
  const [texts, setTexts] = useState(() => toTexts(tenant.limits))
  const [chosen, setChosen] = useState(tenant.limits.languages)
  const languages = useQuery({
    queryKey: ['languages'],
    queryFn: () => client.languages(),
    staleTime: Number.POSITIVE_INFINITY,
  })
  const all = languages.data ?? []
  const save = useMutation({
    mutationFn: () =>
      client.request<Tenant>('PUT', `/v1/admin/tenants/${encodeURIComponent(tenant.id)}`, {
        body: toLimits(texts, chosen, tenant.limits),
      }),
    onSuccess: (saved) => {
      queries.setQueryData(['tenant', tenant.id], saved)
      setTexts(toTexts(saved.limits))
    },
  })
  const fields = [...BOUND_FIELDS, ...LIMIT_FIELDS]
  const hasFault = fields.some((field) => findFault(field, texts[field.name]) !== undefined)
  const change = (): void => save.reset()

  const input = (field: TenantField): ReactElement => (
    <Field
      key={field.name}
      label={field.unit === '' ? field.label : `${field.label}, ${field.unit}`}
      fault={findFault(field, texts[field.name])}
    >
      {(attributes) => (
        <input
          {...attributes}
          inputMode="decimal"
          autoComplete="off"
          placeholder="–"
          value={texts[field.name]}
          onChange={(event) => {
            change()
            setTexts({ ...texts, [field.name]: event.target.value })
          }}
        />
      )}
    </Field>
  )

  const toggle = (id: string): void => {
    change()
    const now = chosen ?? all.map((language) => language.id)
    const next = now.includes(id) ? now.filter((one) => one !== id) : [...now, id]
    setChosen(all.every((language) => next.includes(language.id)) ? null : next)
  }

  return (
    <form
      className={styles.limits}
      onSubmit={(event) => {
        event.preventDefault()
        if (!hasFault) save.mutate()
      }}
    >
      <p className={styles.muted}>A field that is empty leaves the bound of the deployment.</p>
      <fieldset>
        <legend>All its jobs together</legend>
        <div className={styles.fields}>{BOUND_FIELDS.map(input)}</div>
      </fieldset>
      <fieldset>
        <legend>The most that one job may choose</legend>
        <div className={styles.fields}>{LIMIT_FIELDS.map(input)}</div>
      </fieldset>
      <fieldset>
        <legend>Languages it may use</legend>
        <div className={styles.tenants}>
          {all.map(({ id, name }) => (
            <Chip key={id} pressed={chosen === null || chosen.includes(id)} onClick={() => toggle(id)}>
              {name}
            </Chip>
          ))}
        </div>
      </fieldset>
      <div className={styles.buttons}>
        <Button kind="primary" type="submit" disabled={hasFault || save.isPending}>
          Save
        </Button>
        <p role={save.isError ? 'alert' : 'status'} className={save.isError ? styles.fault : styles.muted}>
          {save.isError && sayError(save.error)}
          {save.isSuccess && 'Saved. It holds from the next submission on.'}
        </p>
      </div>
    </form>
  )
}

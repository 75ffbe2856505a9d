import type { ReactElement } from 'react'
import { Field } from '../../../parts/field.tsx'
import type { DraftLimits } from '../draft/draft.ts'
import { LIMIT_FIELDS, LIMIT_KEYS, limitFault } from '../draft/to-submission.ts'
import styles from './limits-part.module.css'

/** What each limit counts. How much it may be differs by server and key; the API's answer says it. */
const HINTS: Readonly<Record<keyof DraftLimits, string>> = {
  wallSeconds: 'From start to end',
  cpuSeconds: 'Of all its processes',
  memoryMiB: 'Files count too',
  outputMiB: 'stdout and stderr',
  processes: 'Threads count too',
  diskMiB: 'Its files',
}

export interface LimitsPartProps {
  readonly limits: DraftLimits
  readonly isReadOnly: boolean
  readonly onChange: (limits: DraftLimits) => void
}

export const LimitsPart = ({ limits, isReadOnly, onChange }: LimitsPartProps): ReactElement => (
  <div className={styles.limits}>
    {LIMIT_KEYS.map((key) => {
      const { label, unit } = LIMIT_FIELDS[key]
      return (
        <Field
          key={key}
          label={unit === '' ? label : `${label}, ${unit}`}
          hint={HINTS[key]}
          fault={limitFault(key, limits[key])}
        >
          {(attributes) => (
            <input
              {...attributes}
              inputMode="decimal"
              placeholder="default"
              value={limits[key]}
              readOnly={isReadOnly}
              onChange={(event) => onChange({ ...limits, [key]: event.currentTarget.value })}
            />
          )}
        </Field>
      )
    })}
  </div>
)

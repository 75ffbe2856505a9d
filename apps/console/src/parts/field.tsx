import { type ReactElement, type ReactNode, useId } from 'react'
import styles from './field.module.css'

export interface FieldProps {
  readonly label: string
  /** What is expected, in a sentence. */
  readonly hint?: ReactNode
  /** What is wrong with the value. It takes the place of the hint. */
  readonly fault?: string | undefined
  /** The input. It must be given these attributes. */
  readonly children: (attributes: FieldAttributes) => ReactElement
}

interface FieldAttributes {
  readonly id: string
  readonly 'aria-describedby': string
  readonly 'aria-invalid': boolean
  readonly className: string | undefined
}

/** A label, an input and the words beneath it. */
export const Field = ({ label, hint, fault, children }: FieldProps): ReactElement => {
  const id = useId()
  return (
    <div className={styles.field}>
      <label htmlFor={id}>{label}</label>
      {children({
        id,
        'aria-describedby': `${id}-words`,
        'aria-invalid': fault !== undefined,
        className: styles.input,
      })}
      <p id={`${id}-words`} className={fault === undefined ? styles.hint : styles.fault}>
        {fault ?? hint}
      </p>
    </div>
  )
}

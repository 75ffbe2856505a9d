import { type ReactElement, useEffect, useId, useRef } from 'react'
import styles from './text-part.module.css'

export interface TextPartProps {
  readonly label: string
  readonly hint: string
  readonly value: string
  readonly isReadOnly: boolean
  readonly takesFocus: boolean
  readonly onChange: (value: string) => void
}

/** A part of the drawer that is text. */
export const TextPart = ({ label, hint, value, isReadOnly, takesFocus, onChange }: TextPartProps): ReactElement => {
  const id = useId()
  const text = useRef<HTMLTextAreaElement>(null)
  useEffect(() => {
    if (takesFocus) text.current?.focus()
  }, [takesFocus])
  return (
    <div className={styles.part}>
      <textarea
        ref={text}
        id={id}
        className={styles.text}
        aria-label={label}
        aria-describedby={`${id}-hint`}
        value={value}
        readOnly={isReadOnly}
        spellCheck={false}
        autoCapitalize="off"
        onChange={(event) => onChange(event.currentTarget.value)}
      />
      <p id={`${id}-hint`} className={styles.hint}>
        {hint}
      </p>
    </div>
  )
}

import type { Language } from '@runnel/client'
import { ChevronDown } from 'lucide-react'
import type { ReactElement } from 'react'
import styles from './language-picker.module.css'

export interface LanguagePickerProps {
  readonly languages: readonly Language[]
  /** Chosen by hand; undefined: detected. */
  readonly chosen: string | undefined
  readonly detected: string | undefined
  readonly isReadOnly: boolean
  readonly onChoose: (language: string | undefined) => void
}

/** The language's name, its id while the list has not come. */
const nameOf = (languages: readonly Language[], id: string): string =>
  languages.find((language) => language.id === id)?.name ?? id.charAt(0).toUpperCase() + id.slice(1)

/** The language of the program: detected as one types, or chosen. */
export const LanguagePicker = ({
  languages,
  chosen,
  detected,
  isReadOnly,
  onChoose,
}: LanguagePickerProps): ReactElement => {
  const automatic = detected === undefined ? 'Detect the language' : `${nameOf(languages, detected)}, detected`
  const known = languages.some(({ id }) => id === chosen)
  return (
    <span className={styles.picker}>
      <select
        className={styles.select}
        aria-label="Language"
        value={chosen ?? ''}
        disabled={isReadOnly}
        onChange={(event) => onChoose(event.currentTarget.value || undefined)}
      >
        <option value="">{automatic}</option>
        {languages.map(({ id, name }) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
        {chosen !== undefined && !known && <option value={chosen}>{nameOf(languages, chosen)}</option>}
      </select>
      <ChevronDown size={14} className={styles.chevron} aria-hidden="true" />
    </span>
  )
}

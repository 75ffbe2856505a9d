import type { Language } from '@runnel/client'
import { Search, X } from 'lucide-react'
import { type ReactElement, useEffect, useRef, useState } from 'react'
import { Chip } from '../../parts/chip.tsx'
import { formatMoment } from '../../parts/format.ts'
import { StateGlyph } from '../../parts/state-glyph.tsx'
import {
  END_CHOICES,
  type HistoryFilter,
  isChosen,
  OUTCOME_LABELS,
  singleOutcomes,
  toggleEnd,
  toggleLanguage,
} from './filter.ts'
import styles from './filter-bar.module.css'

/** A person who types is done when no key came for this long. */
const TYPED_MS = 250

export interface FilterBarProps {
  readonly filter: HistoryFilter
  readonly languages: readonly Pick<Language, 'id' | 'name'>[]
  readonly onChange: (filter: HistoryFilter) => void
}

const TIME_WORDS = { submitted: 'Submitted', started: 'Started', finished: 'Ended' } as const

const sayRange = ({ from, to, by }: HistoryFilter): string => {
  const words = TIME_WORDS[by]
  const say = (at: string): string => formatMoment(new Date(at))
  if (from !== undefined && to !== undefined) return `${words} ${say(from)} – ${say(to)}`
  if (from !== undefined) return `${words} since ${say(from)}`
  return `${words} before ${say(to ?? '')}`
}

/** `/` puts the caret into the search, except while one types elsewhere. */
const useSlash = (field: React.RefObject<HTMLInputElement | null>): void => {
  useEffect(() => {
    const focus = (event: KeyboardEvent): void => {
      const typing =
        event.target instanceof Element && event.target.closest('input:not([type=checkbox]), textarea, select')
      if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey || typing) return
      event.preventDefault()
      field.current?.focus()
      field.current?.select()
    }
    document.addEventListener('keydown', focus)
    return () => document.removeEventListener('keydown', focus)
  }, [field])
}

const SearchField = ({ text, onChange }: { readonly text: string; readonly onChange: (text: string) => void }) => {
  const field = useRef<HTMLInputElement>(null)
  const [typed, setTyped] = useState(text)
  useSlash(field)
  useEffect(() => setTyped(text), [text])
  // Only what is typed starts the wait anew.
  useEffect(() => {
    if (typed === text) return
    const timer = setTimeout(() => onChange(typed), TYPED_MS)
    return () => clearTimeout(timer)
  }, [typed])
  return (
    <div className={styles.search}>
      <Search size={16} aria-hidden="true" />
      <input
        ref={field}
        type="search"
        aria-label="Search in the first lines of programs"
        aria-keyshortcuts="/"
        placeholder="Search in first lines"
        maxLength={200}
        spellCheck={false}
        autoCapitalize="off"
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter') onChange(typed)
          if (event.key !== 'Escape') return
          if (typed === '') event.currentTarget.blur()
          setTyped('')
          onChange('')
        }}
      />
      <kbd>/</kbd>
    </div>
  )
}

/** The search and the choices of the history. */
export const FilterBar = ({ filter, languages, onChange }: FilterBarProps): ReactElement => {
  const single = singleOutcomes(filter)
  const isTimed = filter.from !== undefined || filter.to !== undefined
  return (
    <search className={styles.bar}>
      <SearchField text={filter.text} onChange={(text) => onChange({ ...filter, text })} />
      <fieldset className={styles.chips} aria-label="How they ended">
        {END_CHOICES.map((choice) => (
          <Chip
            key={choice.label}
            pressed={isChosen(filter, choice)}
            onClick={() => onChange(toggleEnd(filter, choice))}
          >
            <StateGlyph tone={choice.tone} />
            {choice.label}
          </Chip>
        ))}
        {single.map((outcome) => (
          <Chip
            key={outcome}
            pressed
            onClick={() => onChange({ ...filter, outcomes: filter.outcomes.filter((one) => one !== outcome) })}
          >
            {OUTCOME_LABELS[outcome]} <X size={14} aria-hidden="true" />
          </Chip>
        ))}
      </fieldset>
      <fieldset className={styles.chips} aria-label="Languages">
        {languages.map(({ id, name }) => (
          <Chip key={id} pressed={filter.languages.includes(id)} onClick={() => onChange(toggleLanguage(filter, id))}>
            {name}
          </Chip>
        ))}
      </fieldset>
      {isTimed && (
        <Chip
          pressed
          title="Show all times"
          onClick={() => onChange({ ...filter, from: undefined, to: undefined, by: 'submitted' })}
        >
          {sayRange(filter)} <X size={14} aria-hidden="true" />
        </Chip>
      )}
    </search>
  )
}

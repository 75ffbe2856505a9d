import { Plus, X } from 'lucide-react'
import { type ReactElement, useState } from 'react'
import { moveByArrows } from '../../../parts/arrow-keys.ts'
import { IconButton } from '../../../parts/button.tsx'
import { createFile, type Draft, type DraftFile } from '../draft/draft.ts'
import styles from './file-tabs.module.css'

export interface FileTabsProps {
  readonly draft: Draft
  /** The name of the only file, which its language gives it. */
  readonly automaticName: string
  readonly isReadOnly: boolean
  readonly onChange: (change: (draft: Draft) => Draft) => void
}

/** The draft without this file. There is always one left. */
const withoutFile = (draft: Draft, id: string): Draft => {
  const files = draft.files.filter((file) => file.id !== id)
  const [first] = files
  if (first === undefined) return draft
  const stays = (chosen: string): string => (chosen === id ? first.id : chosen)
  return { ...draft, files, entryId: stays(draft.entryId), openId: stays(draft.openId) }
}

const withName = (draft: Draft, id: string, path: string): Draft => ({
  ...draft,
  isNameAutomatic: false,
  files: draft.files.map((file) => (file.id === id ? { ...file, path } : file)),
})

/** An empty file beside the others, and its name so far. */
const withNewFile = (draft: Draft, automaticName: string): Draft => {
  const ending = /\.[^.]+$/.exec(automaticName)?.[0] ?? '.txt'
  const taken = new Set(draft.files.map(({ path }) => path))
  let n = 1
  while (taken.has(`file${n}${ending}`)) n += 1
  const file = createFile(`file${n}${ending}`, '')
  const named = draft.isNameAutomatic ? withName(draft, draft.entryId, automaticName) : draft
  return { ...named, isNameAutomatic: false, files: [...named.files, file], openId: file.id }
}

/** Names the file; Enter keeps the name, Esc the old one. */
const NameField = ({
  path,
  onName,
}: {
  readonly path: string
  readonly onName: (path: string) => void
}): ReactElement => (
  <input
    className={styles.name}
    aria-label="Name of the file"
    defaultValue={path}
    size={Math.max(8, path.length)}
    ref={(input) => input?.select()}
    onBlur={(event) => onName(event.currentTarget.value.trim() || path)}
    onKeyDown={(event) => {
      if (event.key === 'Escape') event.currentTarget.value = path
      if (event.key === 'Enter' || event.key === 'Escape') event.currentTarget.blur()
    }}
  />
)

export const FileTabs = ({ draft, automaticName, isReadOnly, onChange }: FileTabsProps): ReactElement => {
  const [namedId, setNamedId] = useState<string>()
  const isAlone = draft.files.length === 1
  const nameOf = (file: DraftFile): string => (draft.isNameAutomatic ? automaticName : file.path)
  const add = (): void =>
    onChange((now) => {
      const next = withNewFile(now, automaticName)
      setNamedId(next.openId)
      return next
    })

  const tab = (file: DraftFile): ReactElement => {
    const isOpen = file.id === draft.openId
    const name = nameOf(file)
    if (file.id === namedId) {
      const rename = (path: string): void => {
        setNamedId(undefined)
        if (path !== name) onChange((now) => withName(now, file.id, path))
      }
      return <NameField path={name} onName={rename} />
    }
    return (
      <>
        <button
          type="button"
          className={styles.tab}
          aria-current={isOpen ? 'true' : undefined}
          title={file.id === draft.entryId && !isAlone ? `${name}, which runs` : name}
          onClick={() => onChange((now) => ({ ...now, openId: file.id }))}
          onDoubleClick={() => isReadOnly || setNamedId(file.id)}
          onKeyDown={(event) => {
            if (event.key === 'F2' && !isReadOnly) setNamedId(file.id)
          }}
        >
          {file.id === draft.entryId && !isAlone && <span className={styles.entry}>▸</span>}
          {name}
        </button>
        {isOpen && !isAlone && !isReadOnly && (
          <IconButton
            label={`Remove ${name}`}
            className={styles.remove}
            onClick={() => onChange((now) => withoutFile(now, file.id))}
          >
            <X size={14} />
          </IconButton>
        )}
      </>
    )
  }

  return (
    // biome-ignore lint/a11y/useSemanticElements: arrows go through the buttons of this row, and it is no set of fields
    <div className={styles.tabs} role="group" aria-label="Files" onKeyDown={moveByArrows}>
      {draft.files.map((file) => (
        <span key={file.id} className={styles.file}>
          {tab(file)}
        </span>
      ))}
      {!isReadOnly && (
        <IconButton label="Add a file" className={styles.add} onClick={add}>
          <Plus size={16} />
        </IconButton>
      )}
      {!isReadOnly && draft.openId !== draft.entryId && (
        <button
          type="button"
          className={styles.choose}
          onClick={() => onChange((now) => ({ ...now, entryId: now.openId }))}
        >
          Run this file
        </button>
      )}
    </div>
  )
}

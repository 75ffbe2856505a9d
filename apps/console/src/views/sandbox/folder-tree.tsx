import type { FileEntry, Sandbox } from '@runnel/client'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { ChevronDown, ChevronRight, Download, File, Folder, Link2, Trash2 } from 'lucide-react'
import { type ReactElement, useState } from 'react'
import { IconButton } from '../../parts/button.tsx'
import { formatBytes } from '../../parts/format.ts'
import { sayError } from '../../parts/notice.tsx'
import { filesKey } from './file-pane.tsx'
import styles from './sandbox.module.css'

interface FolderProps {
  readonly sandbox: Sandbox
  /** Absolute. */
  readonly path: string
  readonly onDropFiles: (folder: string, files: FileList) => void
}

/** More make the page slow. A terminal shows the rest. */
const SHOWN = 500

const inOrder = (one: FileEntry, other: FileEntry): number =>
  Number(other.type === 'directory') - Number(one.type === 'directory') || one.name.localeCompare(other.name)

const toHref = (id: string, entry: FileEntry): string => {
  const what = entry.type === 'directory' ? 'files/archive' : 'files'
  const query = new URLSearchParams({ path: entry.path, ...(entry.type === 'directory' ? { format: 'zip' } : {}) })
  return `/v1/sandboxes/${id}/${what}?${query}`
}

const Entry = ({ entry, ...folder }: FolderProps & { readonly entry: FileEntry }): ReactElement => {
  const { sandbox, onDropFiles } = folder
  const queries = useQueryClient()
  const [isOpen, setOpen] = useState(false)
  const isFolder = entry.type === 'directory'
  const remove = useMutation({
    mutationFn: () => sandbox.files.remove(entry.path),
    onSettled: () => queries.invalidateQueries({ queryKey: filesKey(sandbox.id) }),
  })
  const icon = entry.type === 'symlink' ? <Link2 size={14} /> : isFolder ? <Folder size={14} /> : <File size={14} />
  return (
    <li
      onDragOver={(event) => event.preventDefault()}
      onDrop={(event) => {
        if (!isFolder) return
        event.preventDefault()
        event.stopPropagation()
        onDropFiles(entry.path, event.dataTransfer.files)
      }}
    >
      <div className={styles.entry}>
        {isFolder ? (
          <button
            type="button"
            className={styles.fileName}
            aria-expanded={isOpen}
            onClick={() => setOpen(!isOpen)}
            title={entry.path}
          >
            {isOpen ? <ChevronDown size={14} /> : <ChevronRight size={14} />}
            {icon}
            <span>{entry.name}</span>
          </button>
        ) : (
          <span className={styles.fileName} title={entry.symlinkTarget ?? entry.path}>
            {icon}
            <span>{entry.name}</span>
            <span className={styles.size}>{formatBytes(entry.sizeBytes)}</span>
          </span>
        )}
        <a
          className={styles.fileAct}
          href={toHref(sandbox.id, entry)}
          download
          aria-label={`Download ${entry.name}`}
          title={isFolder ? 'Download as zip' : 'Download'}
        >
          <Download size={14} />
        </a>
        <IconButton
          label={`Remove ${entry.name}`}
          className={styles.fileAct}
          disabled={remove.isPending}
          onClick={() => remove.mutate()}
        >
          <Trash2 size={14} />
        </IconButton>
      </div>
      {remove.isError && (
        <p role="alert" className={styles.fault}>
          {sayError(remove.error)}
        </p>
      )}
      {isOpen && <FolderTree {...folder} path={entry.path} />}
    </li>
  )
}

/** What is in a folder: folders first. Each is read when it is opened. */
export const FolderTree = (props: FolderProps): ReactElement => {
  const { sandbox, path } = props
  const list = useQuery({
    queryKey: [...filesKey(sandbox.id), path],
    queryFn: ({ signal }) => sandbox.files.list(path, { signal }),
  })
  if (list.data === undefined) {
    if (!list.isError) return <p className={styles.hint}>Reads…</p>
    return (
      <p role="alert" className={styles.fault}>
        {sayError(list.error)}
      </p>
    )
  }
  if (list.data.length === 0) return <p className={styles.hint}>Nothing is in it.</p>
  const entries = list.data.toSorted(inOrder)
  return (
    <ul className={styles.tree}>
      {entries.slice(0, SHOWN).map((entry) => (
        <Entry key={entry.name} {...props} entry={entry} />
      ))}
      {entries.length > SHOWN && <li className={styles.hint}>{entries.length - SHOWN} more are not shown.</li>}
    </ul>
  )
}

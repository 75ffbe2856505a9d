import type { Sandbox } from '@runnel/client'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { RefreshCw, Upload } from 'lucide-react'
import { type ReactElement, useCallback, useRef, useState } from 'react'
import { IconButton } from '../../parts/button.tsx'
import { classes } from '../../parts/classes.ts'
import { formatBytes, formatCount } from '../../parts/format.ts'
import { sayError } from '../../parts/notice.tsx'
import { FolderTree } from './folder-tree.tsx'
import styles from './sandbox.module.css'
import { useWatchedFolder } from './use-watched-folder.ts'

export const filesKey = (id: string): readonly string[] => ['sandbox', id, 'files']

/** The files, as a tree. Files that are dropped on a folder are uploaded into it. */
export const FilePane = ({
  sandbox,
  workDir,
}: {
  readonly sandbox: Sandbox
  readonly workDir: string
}): ReactElement => {
  const queries = useQueryClient()
  const input = useRef<HTMLInputElement>(null)
  const [isOver, setOver] = useState(false)
  const refresh = useCallback(() => queries.invalidateQueries({ queryKey: filesKey(sandbox.id) }), [queries, sandbox])
  useWatchedFolder(sandbox, workDir, refresh)
  const upload = useMutation({
    async mutationFn({ folder, files }: { readonly folder: string; readonly files: readonly File[] }) {
      // One after the other: a browser has few connections, and all of them go to one disk.
      for (const file of files) await sandbox.files.write(`${folder}/${file.name}`, file)
      return files
    },
    onSettled: refresh,
  })
  const take = (folder: string, files: FileList | null): void => {
    if (files !== null && files.length > 0) upload.mutate({ folder, files: [...files] })
  }
  const sum = (files: readonly File[]): number => files.reduce((bytes, { size }) => bytes + size, 0)
  return (
    <aside
      className={classes(styles.files, isOver && styles.over)}
      aria-label="Files"
      onDragOver={(event) => {
        event.preventDefault()
        setOver(true)
      }}
      onDragLeave={(event) => {
        if (!event.currentTarget.contains(event.relatedTarget as Node | null)) setOver(false)
      }}
      onDrop={(event) => {
        event.preventDefault()
        setOver(false)
        take(workDir, event.dataTransfer.files)
      }}
    >
      <div className={styles.paneHead}>
        <h2>Files</h2>
        <IconButton label="Upload files" onClick={() => input.current?.click()}>
          <Upload size={16} />
        </IconButton>
        <IconButton label="Read the files again" onClick={() => void refresh()}>
          <RefreshCw size={16} />
        </IconButton>
        <input
          ref={input}
          type="file"
          multiple
          hidden
          aria-label="Files to upload"
          onChange={(event) => {
            take(workDir, event.target.files)
            event.target.value = ''
          }}
        />
      </div>
      <FolderTree sandbox={sandbox} path={workDir} onDropFiles={take} />
      <p className={styles.uploads} role="status">
        {upload.isPending &&
          `Uploads ${formatCount(upload.variables.files.length, 'file')}, ${formatBytes(sum(upload.variables.files))}…`}
        {upload.isSuccess && `${formatCount(upload.data.length, 'file')} uploaded.`}
      </p>
      {upload.isError && (
        <p role="alert" className={styles.fault}>
          {sayError(upload.error)}
        </p>
      )}
      {!upload.isPending && !upload.isSuccess && <p className={styles.hint}>Drop files here to upload them.</p>}
    </aside>
  )
}

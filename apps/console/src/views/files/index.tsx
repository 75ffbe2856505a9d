import type { StoredFile } from '@runnel/client'
import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query'
import { Trash2, Upload } from 'lucide-react'
import { type ReactElement, useRef } from 'react'
import { client } from '../../client.ts'
import { Button, IconButton } from '../../parts/button.tsx'
import { formatBytes, formatCount } from '../../parts/format.ts'
import { ListPage } from '../../parts/list-page.tsx'
import { sayError } from '../../parts/notice.tsx'
import { RelativeTime } from '../../parts/relative-time.tsx'
import { SpokenOnly } from '../../parts/spoken-only.tsx'
import { useTitle } from '../../parts/use-title.ts'
import styles from './files.module.css'

const FILES_KEY = ['files']

const Row = ({ file }: { readonly file: StoredFile }): ReactElement => {
  const { id, name, contentType, sizeBytes, createdAt, expiresAt } = file
  const queries = useQueryClient()
  const remove = useMutation({
    mutationFn: () => client.files.remove(id),
    onSettled: () => queries.invalidateQueries({ queryKey: FILES_KEY }),
  })
  return (
    <tr>
      <th scope="row">
        <a href={`/v1/files/${id}/content`} download title={id}>
          {name}
        </a>
        {remove.isError && (
          <p role="alert" className={styles.fault}>
            {sayError(remove.error)}
          </p>
        )}
      </th>
      <td>{formatBytes(sizeBytes)}</td>
      <td>{contentType}</td>
      <td>
        <RelativeTime at={createdAt} />
      </td>
      <td>{new Date(expiresAt).toLocaleDateString('en', { dateStyle: 'medium' })}</td>
      <td>
        <IconButton label={`Remove ${name}`} disabled={remove.isPending} onClick={() => remove.mutate()}>
          <Trash2 size={14} />
        </IconButton>
      </td>
    </tr>
  )
}

const UploadButton = (): ReactElement => {
  const queries = useQueryClient()
  const input = useRef<HTMLInputElement>(null)
  const upload = useMutation({
    async mutationFn(files: readonly File[]) {
      for (const file of files) await client.files.upload(file, { name: file.name })
      return files.length
    },
    onSettled: () => queries.invalidateQueries({ queryKey: FILES_KEY }),
  })
  return (
    <div className={styles.upload}>
      <span role="status">
        {upload.isPending && `Uploads ${formatCount(upload.variables.length, 'file')}…`}
        {upload.isSuccess && `${formatCount(upload.data, 'file')} uploaded.`}
      </span>
      {upload.isError && (
        <span role="alert" className={styles.fault}>
          {sayError(upload.error)}
        </span>
      )}
      <Button disabled={upload.isPending} onClick={() => input.current?.click()}>
        <Upload size={16} /> Upload
      </Button>
      <input
        ref={input}
        type="file"
        multiple
        hidden
        aria-label="Files to upload"
        onChange={(event) => {
          const files = [...(event.target.files ?? [])]
          if (files.length > 0) upload.mutate(files)
          event.target.value = ''
        }}
      />
    </div>
  )
}

/** The files of the tenant that are kept for a while: uploads, and what jobs made. */
const Files = (): ReactElement => {
  useTitle('Files')
  const pages = useInfiniteQuery({
    queryKey: FILES_KEY,
    initialPageParam: '',
    queryFn: ({ pageParam, signal }) =>
      client.files.list({ cursor: pageParam === '' ? undefined : pageParam, limit: 50, signal }),
    getNextPageParam: ({ next }) => next,
  })
  return (
    <ListPage
      title="Files"
      what="files"
      action={<UploadButton />}
      pages={pages}
      rows={pages.data?.pages.flatMap(({ files }) => files.map((file) => <Row key={file.id} file={file} />))}
      columns={['Name', 'Size', 'Type', 'Stored', 'Kept until', <SpokenOnly key="remove">Remove</SpokenOnly>]}
      empty={{
        title: 'There is no file.',
        hint: 'Upload some here, or keep what jobs make. Jobs and sandboxes take them by their id.',
      }}
    />
  )
}

export default Files

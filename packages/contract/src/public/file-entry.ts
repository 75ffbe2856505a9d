import { z } from 'zod'
import { sandboxPathSchema } from './sandbox-path.ts'

/** A file, folder or link in a sandbox, as `lstat` sees it. */
export const fileEntrySchema = z.strictObject({
  name: z.string().describe('The last part of the path. Bytes that are not UTF-8 are shown as U+FFFD.'),
  path: z.string().describe('Absolute.'),
  type: z.enum(['file', 'directory', 'symlink', 'other']).describe('`other`: a device, a socket or a FIFO.'),
  sizeBytes: z.int().nonnegative(),
  mode: z.int().nonnegative().describe('The permission bits as a number: 420 is rw-r--r-- (octal 644).'),
  owner: z.string().describe('A name, or a number if there is no name for it.'),
  group: z.string().describe('A name, or a number if there is no name for it.'),
  modifiedAt: z.iso.datetime(),
  symlinkTarget: z.string().optional().describe('Of a symlink: what it says, which need not exist.'),
})
export type FileEntry = z.infer<typeof fileEntrySchema>

/** `GET …/files/list`. */
export const fileListSchema = z.strictObject({ entries: z.array(fileEntrySchema) })
export type FileList = z.infer<typeof fileListSchema>

/** What an upload of several files answers, in their order. */
export const writtenFilesSchema = z.strictObject({
  files: z.array(z.strictObject({ path: z.string().describe('As it was sent.'), sizeBytes: z.int().nonnegative() })),
})
export type WrittenFiles = z.infer<typeof writtenFilesSchema>

/** How deep a list may go. 1: what is in the folder itself. */
export const LIST_DEPTH = { default: 1, maximum: 64 } as const

/** The body of `…/files/mkdir` and `…/files/stat`. */
export const pathRequestSchema = z.strictObject({ path: sandboxPathSchema })

/** The body of `…/files/move`. */
export const moveRequestSchema = z.strictObject({
  from: sandboxPathSchema,
  to: sandboxPathSchema.describe('Its new path. Folders on the way are made; a file that is there is replaced.'),
})

export const archiveFormatSchema = z.enum(['tar', 'zip'])
export type ArchiveFormat = z.infer<typeof archiveFormatSchema>

/** How long a signed file URL may be valid, from when it is used first: what `expires` may lie ahead. */
export const SIGNED_URL_MAX_MS = 3_600_000

import { z } from 'zod'
import { textFault, utf8Length } from './text.ts'

/** Made by the server; nobody can guess one. */
export const fileIdSchema = z.string().regex(/^file_[0-9a-f]{32}$/, {
  error: 'Not a file id: one looks like file_ and 32 hex digits',
})

export const STORED_FILE = {
  /** What Linux and most others allow for one name. */
  nameBytes: 255,
  typeCharacters: 255,
  page: { default: 20, maximum: 100 },
} as const

const nameFault = (name: string): string | undefined => {
  if (name === '') return 'is empty'
  if (utf8Length(name) > STORED_FILE.nameBytes) return `is longer than ${STORED_FILE.nameBytes} bytes`
  if (/\p{Cc}/u.test(name)) return 'has a control character'
  return textFault(name)
}

/** For people only. It never becomes a path of ours. */
export const fileNameSchema = z
  .string()
  .superRefine((name, context) => {
    const fault = nameFault(name)
    if (fault === undefined) return
    context.addIssue({ code: 'custom', message: `Cannot use the file name ${JSON.stringify(name)}: it ${fault}` })
  })
  .describe(
    `Up to ${STORED_FILE.nameBytes} bytes of UTF-8, without control characters. For people: it need not be unique.`,
  )

export const contentTypeSchema = z
  .string()
  .max(STORED_FILE.typeCharacters)
  .regex(/^[\w!#$&^.+-]+\/[\w!#$&^.+-]+(?:\s*;[\x20-\x7e]*)?$/, {
    error: 'Cannot use this Content-Type: one looks like text/csv, or text/csv; charset=utf-8',
  })

/** A file that was uploaded, or that a job has made. */
export const storedFileSchema = z.strictObject({
  id: fileIdSchema,
  name: z.string(),
  contentType: z.string().describe('As it was sent with the file. Nothing here depends on it.'),
  sizeBytes: z.int().nonnegative(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime().describe('It is removed then.'),
})
export type StoredFile = z.infer<typeof storedFileSchema>

export const storedFilePageSchema = z.strictObject({
  files: z.array(storedFileSchema),
  next: z.string().optional().describe('The `cursor` of the next page. Absent on the last page.'),
})
export type StoredFilePage = z.infer<typeof storedFilePageSchema>

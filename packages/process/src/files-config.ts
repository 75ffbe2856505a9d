import type { z } from 'zod'
import type { files } from './settings/shared.ts'

/** Where files are kept, for how long, and how many: the same in the API and in workers. */
export const readFilesConfig = (given: z.output<z.ZodObject<typeof files>>) => ({
  folder: given.RUNNEL_BLOBS_FOLDER,
  s3:
    given.RUNNEL_BLOBS_BUCKET === undefined
      ? undefined
      : {
          bucket: given.RUNNEL_BLOBS_BUCKET,
          endpoint: given.RUNNEL_BLOBS_ENDPOINT,
          region: given.RUNNEL_BLOBS_REGION,
          bucketIn: given.RUNNEL_BLOBS_BUCKET_IN,
          checksums: given.RUNNEL_BLOBS_CHECKSUMS,
        },
  retentionMs: given.RUNNEL_FILE_RETENTION_MS,
  maxBytes: given.RUNNEL_MAX_FILE_BYTES,
  bounds: { files: given.RUNNEL_MAX_FILES_PER_TENANT, bytes: given.RUNNEL_MAX_FILE_BYTES_PER_TENANT },
})

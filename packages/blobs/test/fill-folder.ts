// Puts more than fits into the folder that is named on the command line, and prints how that ended.
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { createFolderStore } from '../src/stores/folder.ts'

const [, , folder = ''] = process.argv
const store = createFolderStore(folder)
const error = await store
  .put({ tenantId: 'acme', fileId: `file_${'0'.repeat(32)}` }, Readable.from([Buffer.alloc(1024 * 1024)]))
  .then(
    () => 'none',
    (failure: unknown) => (failure instanceof Error ? failure.name : 'unknown'),
  )
process.stdout.write(JSON.stringify({ error, left: await readdir(join(folder, 'acme')) }))

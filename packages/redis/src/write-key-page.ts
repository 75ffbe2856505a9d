import { writeFile } from 'node:fs/promises'
import { toKeyPage } from './key-page.ts'

await writeFile(new URL('../../../docs/redis-keys.md', import.meta.url), toKeyPage())

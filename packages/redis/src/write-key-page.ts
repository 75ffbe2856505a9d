import { writeFile } from 'node:fs/promises'
import { toAclFile } from './acl-rules.ts'
import { toKeyPage } from './key-page.ts'

const root = new URL('../../../', import.meta.url)
await writeFile(new URL('docs/redis-keys.md', root), toKeyPage())
await writeFile(new URL('infra/redis/users.acl', root), toAclFile())

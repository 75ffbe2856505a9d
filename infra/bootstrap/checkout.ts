// The places of this checkout, and the name it goes by on a Docker engine that it may share with other checkouts.
import { createHash } from 'node:crypto'
import { realpathSync } from 'node:fs'
import { join } from 'node:path'

export const ROOT = realpathSync(join(import.meta.dirname, '../..'))
export const LOGS = join(ROOT, '.runnel/log')
export const RECORD = join(ROOT, '.runnel/run.json')
export const NAME = createHash('sha256').update(ROOT).digest('hex').slice(0, 8)

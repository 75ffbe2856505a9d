// The places of this checkout, and its name on a Docker engine that it may share with other checkouts.
import { createHash } from 'node:crypto'
import { realpathSync } from 'node:fs'
import { join } from 'node:path'

export const ROOT = realpathSync(join(import.meta.dirname, '../..'))
export const KEPT = join(ROOT, '.runnel')
export const LOGS = join(KEPT, 'log')
export const RECORD = join(KEPT, 'run.json')
export const NAME = createHash('sha256').update(ROOT).digest('hex').slice(0, 8)

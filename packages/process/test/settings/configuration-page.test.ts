import { join } from 'node:path'
import { expect, test } from 'vitest'
import { toConfigurationPage } from '../../src/settings/configuration-page.ts'

const PAGE = join(import.meta.dirname, '../../../../docs/configuration.md')
const RENEW = 'pnpm exec vitest run --project pure configuration-page -u'

test('docs/configuration.md is what the table of settings generates', async () => {
  await expect(toConfigurationPage(), `docs/configuration.md is stale. Renew it with: ${RENEW}`).toMatchFileSnapshot(
    PAGE,
  )
})

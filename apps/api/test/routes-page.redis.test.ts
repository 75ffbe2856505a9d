import { fileURLToPath } from 'node:url'
import { redisTest as test } from '@runnel/redis/testing'
import type { RouteOptions } from 'fastify'
import { expect } from 'vitest'
import { startApi } from './api.ts'

const PAGE = fileURLToPath(new URL('../../../docs/routes.md', import.meta.url))
const RENEW = 'pnpm --filter @runnel/api run docs'

const HEAD = `# Routes

Every route of the API and who may call it. Each route states this in its own options (\`config\`), and the app does not start if
one does not. How to add one: [how-to-add-a-route.md](how-to-add-a-route.md).

- **scope**: what the caller's key must allow. \`any\`: a valid key, the handler checks further. \`none\`: everybody, without a key.
- **resource**: what \`:id\` is. A job or a file must belong to the caller's tenant; any other gets the same answer as one that does not exist.
- **submits**: each request counts for the tenant's \`submitsPerMinute\`.
- **stream**: it stays open and counts for the tenant's stream quota; it takes a ticket in place of a key.

This page is generated from the running app. To renew it: \`${RENEW}\`

| method | URL | scope | resource | submits | stream | |
|---|---|---|---|---|---|---|
`

const toRow = (route: RouteOptions): string => {
  const { scope, resource, submits, stream } = route.config ?? {}
  const summary = route.schema !== undefined && 'summary' in route.schema ? String(route.schema.summary) : ''
  const cells = [route.method, `\`${route.url}\``, scope, resource, submits ? 'yes' : '', stream ? 'yes' : '', summary]
  return `| ${cells.join(' | ')} |`
}

test('The page of routes lists what the app registers', async ({ redisUrl, prefix, resources }) => {
  const { routes } = await startApi({ redisUrl, prefix, resources })
  const rows = routes.filter(({ method }) => method !== 'HEAD').map(toRow)
  await expect(`${HEAD}${rows.join('\n')}\n`, `docs/routes.md is stale: run ${RENEW}`).toMatchFileSnapshot(PAGE)
})

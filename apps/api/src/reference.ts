import { type FastifyInstance, fastify } from 'fastify'
import { PUBLIC } from './access/route-access.ts'

/** What the library answers, in the order of docs/routes.md. */
const URLS = ['/docs/openapi.json', '/docs/openapi.yaml', '/docs', '/docs/', '/docs/js/scalar.js']

/** An app of the library alone. Its plugin takes the document from `app.swagger`, so this one has that of the API. */
const createReference = async (api: FastifyInstance): Promise<FastifyInstance> => {
  const { default: reference } = await import('@scalar/fastify-api-reference')
  const page = fastify({ logger: false })
  page.register(reference, {
    routePrefix: '/docs',
    configuration: {
      content: () => api.swagger(),
      pageTitle: 'Runnel API',
      // The whole page comes from this server: no fonts, proxy or telemetry of others.
      withDefaultFonts: false,
      telemetry: false,
      agent: { disabled: true },
      mcp: { disabled: true },
      hideClientButton: true,
      showDeveloperTools: 'never',
    },
  })
  await page.ready()
  return page
}

/**
 * The reference at /docs. Its library brings the script of the page as 5 MB of its own source, which takes 0.15 s of a processor to
 * load: a tenth of a start (2026-11-30). So the first request loads it.
 */
export const registerReference = (app: FastifyInstance): void => {
  let loading: Promise<FastifyInstance> | undefined
  app.register(async (routes) => {
    for (const url of URLS) {
      routes.get(url, { config: PUBLIC, schema: { hide: true } }, async (request, reply) => {
        loading ??= createReference(app)
        const page = await loading
        const answer = await page.inject({ url: request.url, headers: { host: request.host } })
        const { connection: _, 'content-length': __, date: ___, ...headers } = answer.headers
        return reply.code(answer.statusCode).headers(headers).send(answer.rawPayload)
      })
    }
  })
}

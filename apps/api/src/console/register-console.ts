import { existsSync } from 'node:fs'
import { join } from 'node:path'
import files from '@fastify/static'
import { RequestError } from '@runnel/contract/public'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { PUBLIC } from '../access/route-access.ts'
import type { PreviewDomain } from '../previews/preview-domain.ts'
import { toPageHeaders } from './console-headers.ts'

/** The places of the page (apps/console/src/app.tsx). All of them are the same document. */
const PAGE_URLS = [
  '/',
  '/r/:job',
  '/sandboxes',
  '/files',
  '/s/:sandbox',
  '/history',
  '/history/compare',
  '/ops',
  '/ops/keys',
  '/account',
  '/sign-in',
]

/** The build writes all its files into one folder. */
const ASSET_NAME = /^[\w-][\w.-]*$/

/** The name of a file changes with what is in it. */
const FOREVER = { maxAge: '1y', immutable: true } as const

const NOT_BUILT = 'The page is not built: run `pnpm --filter @runnel/console run build`, then start the API again'

const acceptsHtml = ({ headers }: FastifyRequest): boolean => /\btext\/html\b/i.test(headers.accept ?? '')

/**
 * Serves the built console from `folder`. The document answers only those who accept HTML, which is what browsers say when
 * they open an address; all others get the 404 of the API. Each file is sent as it was compressed at the build.
 */
export const registerConsole = (app: FastifyInstance, folder: string, domain: PreviewDomain): void => {
  const pageHeaders = toPageHeaders(domain)
  const isBuilt = existsSync(join(folder, 'index.html'))
  if (isBuilt) {
    app.register(files, { root: folder, serve: false, preCompressed: true })
  }

  const sendPage = (request: FastifyRequest, reply: FastifyReply) => {
    if (!acceptsHtml(request)) return reply.callNotFound()
    reply.header('vary', 'accept')
    if (!isBuilt) throw new RequestError('not-found', NOT_BUILT)
    return reply.headers(pageHeaders).sendFile('index.html', { cacheControl: false })
  }
  for (const url of PAGE_URLS) {
    app.get(url, { config: PUBLIC, schema: { hide: true, summary: 'The page' } }, sendPage)
  }

  app.get<{ Params: { '*': string } }>(
    '/assets/*',
    { config: PUBLIC, schema: { hide: true, summary: 'A file of the page' } },
    (request, reply) => {
      const name = request.params['*']
      if (!isBuilt || !ASSET_NAME.test(name)) return reply.callNotFound()
      return reply.sendFile(`assets/${name}`, FOREVER)
    },
  )
}

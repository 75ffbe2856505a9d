import type { JobLanguage } from '@runnel/languages'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { requesterOf } from '../access/requester.ts'
import type { RouteOptions } from './route-options.ts'

const languageSchema = z.strictObject({
  id: z.string(),
  name: z.string(),
  aliases: z.array(z.string()).describe('Other names that `language` accepts.'),
  version: z.string().describe('What runs it.'),
  extensions: z.array(z.string()).describe('File name endings of this language.'),
  fileName: z.string().describe('The name that `code` gets, and the entry of files that name none.'),
})

const toListed = ({ id, name, aliases, version, extensions, fileName }: JobLanguage) => ({
  id,
  name,
  aliases: [...aliases],
  version,
  extensions: [...extensions],
  fileName,
})

export const languagesRoutes: FastifyPluginAsyncZod<RouteOptions> = async (app, { operations }) => {
  app.get(
    '/v1/languages',
    {
      config: { scope: 'any', resource: 'none', submits: false, stream: false },
      schema: {
        summary: 'List the languages',
        description: 'What this deployment runs, and the tenant may use.',
        tags: ['languages'],
        response: { 200: z.strictObject({ languages: z.array(languageSchema) }) },
      },
    },
    async (request) => ({ languages: operations.languages(requesterOf(request)).map(toListed) }),
  )
}

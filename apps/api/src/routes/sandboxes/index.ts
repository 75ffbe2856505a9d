import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { RouteOptions } from '../route-options.ts'
import { commandEventsRoutes } from './command-events.ts'
import { commandInputRoutes } from './command-input.ts'
import { commandsRoutes } from './commands.ts'
import { sandboxFilesRoutes } from './files.ts'
import { foldersRoutes } from './folders.ts'
import { previewsRoutes } from './previews.ts'
import { sandboxRoutes } from './sandbox.ts'
import { sandboxesRoutes } from './sandboxes.ts'
import { terminalRoutes } from './terminal.ts'
import { uploadFilesRoutes } from './upload-files.ts'
import { watchersRoutes } from './watchers.ts'

/** Everything below /v1/sandboxes. */
export const sandboxRoutesPlugin: FastifyPluginAsyncZod<RouteOptions> = async (app, options) => {
  app.register(sandboxesRoutes, options)
  app.register(sandboxRoutes, options)
  app.register(commandsRoutes, options)
  app.register(commandInputRoutes, options)
  app.register(commandEventsRoutes, options)
  app.register(sandboxFilesRoutes, options)
  app.register(uploadFilesRoutes, options)
  app.register(foldersRoutes, options)
  app.register(watchersRoutes, options)
  app.register(terminalRoutes, options)
  app.register(previewsRoutes, options)
}

import reference from '@scalar/fastify-api-reference'
import type { FastifyInstance } from 'fastify'
import { PUBLIC } from './access/route-access.ts'

/** Routes that libraries register. They cannot state their access themselves, so it is stated here: all are public. */
export const registerLibraryRoutes = (app: FastifyInstance): void => {
  app.register(async (libraries) => {
    libraries.addHook('onRoute', (route) => {
      route.config = { ...route.config, ...PUBLIC }
    })
    libraries.register(reference, {
      routePrefix: '/docs',
      configuration: {
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
  })
}

import { rm } from 'node:fs/promises'
import { createLogger, readConfig, runUntilSignal, warnOfUnknownSettings } from '@runnel/process'
import { configSchema } from './config.ts'
import { createDockerProxy } from './docker-proxy.ts'

/** Only the owner and the group may use the socket, as with Docker's own. */
const UMASK = 0o117

await runUntilSignal(async (_signal, resources) => {
  const { socketPath, logLevel, ...options } = readConfig(configSchema)
  const log = createLogger({ name: 'docker-proxy', level: logLevel })
  warnOfUnknownSettings(log)
  const proxy = resources.use(createDockerProxy({ ...options, log }))
  process.umask(UMASK)
  // A proxy that was killed leaves its socket behind.
  await rm(socketPath, { force: true })
  await proxy.listen(socketPath)
  log.info({ socketPath, engineSocketPath: options.engineSocketPath }, 'The Docker proxy lets sandboxes through')
})

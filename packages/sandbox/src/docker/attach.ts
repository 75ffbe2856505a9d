import http from 'node:http'
import https from 'node:https'
import type { Duplex } from 'node:stream'
import type Docker from 'dockerode'
import { z } from 'zod'

/** From DOCKER_CERT_PATH: `ca.pem` split into its certificates, the other two files as they are. */
const pemSchema = z.union([z.string(), z.instanceof(Buffer), z.array(z.string())]).optional()

/** How dockerode reaches the engine, from DOCKER_HOST and the like. Without them it looks for the socket when asked. */
const endpointSchema = z.object({
  socketPath: z.union([z.string(), z.custom<() => Promise<string>>((value) => typeof value === 'function')]).optional(),
  host: z.string().optional(),
  port: z.union([z.string(), z.number()]).optional(),
  protocol: z.string().optional(),
  ca: pemSchema,
  cert: pemSchema,
  key: pemSchema,
})

/**
 * Takes over a connection to the engine as the container's standard streams, before the container starts.
 *
 * dockerode cannot do it: it sends the options as a body on the connection that becomes the container's input, where they
 * may arrive as its first bytes. Here the options are in the address, and only the upgrade is sent.
 */
export const attach = async (
  docker: Docker,
  containerId: string,
  /** Ends the attempt. It must not abort once this has resolved. */
  signal?: AbortSignal,
): Promise<{ socket: Duplex; head: Buffer }> => {
  const { socketPath, host, port, protocol, ca, cert, key } = endpointSchema.parse(docker.modem)
  const path = `/containers/${containerId}/attach?stream=1&stdin=1&stdout=1&stderr=1`
  const headers = { Connection: 'Upgrade', Upgrade: 'tcp' }
  const common = { method: 'POST', path, agent: false, headers, signal } as const
  const socket = typeof socketPath === 'function' ? await socketPath() : socketPath
  const request =
    socket !== undefined
      ? http.request({ ...common, socketPath: socket })
      : protocol === 'https'
        ? https.request({ ...common, host, port, ca, cert, key })
        : http.request({ ...common, host, port })
  const attached = Promise.withResolvers<{ socket: Duplex; head: Buffer }>()
  request.once('upgrade', (_response, socket, head) => attached.resolve({ socket, head }))
  request.once('response', (response) => {
    request.destroy()
    attached.reject(new Error(`Docker refused to attach: ${response.statusCode} ${response.statusMessage}`))
  })
  request.on('error', (error) => attached.reject(error))
  request.end()
  return attached.promise
}

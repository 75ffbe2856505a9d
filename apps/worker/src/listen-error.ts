import { type ListenAddress, StartError } from '@runnel/process'

/** A worker that cannot listen where a setting says so does not start, and says what to change. */
export const toListenError = (error: unknown, setting: string, { host, port }: ListenAddress): unknown => {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'EADDRINUSE') {
    return new StartError(
      `${setting}: port ${port} of ${host} is taken: each worker on a host needs its own, or port 0 for a free one`,
    )
  }
  if (code === 'EACCES' || code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') {
    return new StartError(`${setting}: cannot listen on ${host}:${port}: set what this machine allows`)
  }
  return error
}

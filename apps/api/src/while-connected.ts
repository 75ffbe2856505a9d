/** Gives a signal that aborts when a client has gone, or when the server closes. */
export type WhileConnected = (connection: { once(event: 'close', listener: () => void): unknown }) => AbortSignal

/** An abort without a reason creates an error with a stack trace, for every request. */
const GONE = 'gone'

/** Has one listener on `closing` for all connections: `AbortSignal.any` is slow, and this runs for each request. */
export const createWhileConnected = (closing: AbortSignal): WhileConnected => {
  const open = new Set<AbortController>()
  closing.addEventListener('abort', () => {
    for (const controller of open) controller.abort(GONE)
  })
  return (connection) => {
    const controller = new AbortController()
    if (closing.aborted) controller.abort(GONE)
    open.add(controller)
    connection.once('close', () => {
      open.delete(controller)
      controller.abort(GONE)
    })
    return controller.signal
  }
}

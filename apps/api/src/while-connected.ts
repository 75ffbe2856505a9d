/** Gives a signal that aborts when a client has gone, for whatever reason, or when the server closes. */
export type WhileConnected = (connection: { once(event: 'close', listener: () => void): unknown }) => AbortSignal

/** A word, where the default would make an error with a stack for every request. */
const GONE = 'gone'

/** One listener on `closing`, whoever many are connected: signals that are made of others are slow, and there is one a request. */
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

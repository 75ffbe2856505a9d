/** Resolves when everything written has been taken, or when the stream closes. Never resolves for a stream that has closed before. */
export const untilDrained = (stream: NodeJS.EventEmitter): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => {
      stream.off('drain', done)
      stream.off('close', done)
      resolve()
    }
    stream.on('drain', done)
    stream.on('close', done)
  })

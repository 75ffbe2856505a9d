/** The lines of a body that have a line end, as they come. `wait` is called before each read, `stopWaiting` after it. */
export async function* splitLines(
  body: ReadableStream<Uint8Array>,
  { wait, stopWaiting }: { readonly wait: () => void; readonly stopWaiting: () => void },
): AsyncGenerator<string, void> {
  const reader = body.getReader()
  const decoder = new TextDecoder()
  let pending = ''
  try {
    for (;;) {
      wait()
      const { value, done } = await reader.read()
      stopWaiting()
      if (done) return
      const lines = (pending + decoder.decode(value, { stream: true })).split('\n')
      pending = lines.pop() ?? ''
      yield* lines
    }
  } finally {
    reader.cancel().catch(() => {})
  }
}

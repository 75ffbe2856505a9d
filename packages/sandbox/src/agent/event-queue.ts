/** Events pushed on one side and iterated on the other, in order. The iteration has no end: its reader stops it. */
export interface EventQueue<T> extends AsyncIterable<T> {
  push(event: T): void
}

export const createEventQueue = <T>(): EventQueue<T> => {
  let waiting: T[] = []
  let wake: () => void = () => {}

  return {
    push(event) {
      waiting.push(event)
      wake()
    },
    async *[Symbol.asyncIterator]() {
      for (;;) {
        // Takes all waiting events at once, because shifting one off a long array moves all the others.
        const batch = waiting
        waiting = []
        for (const event of batch) yield event
        if (waiting.length > 0) continue
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    },
  }
}

import { once } from 'node:events'
import { StartError } from './start-error.ts'

const SIGNALS = ['SIGTERM', 'SIGINT'] as const

/** How long a process may live on after everything is released, because of what a dependency left open. */
const EXIT_DEADLINE_MS = 1_000

/**
 * Bounds how long releasing takes: if it is not done `withinMs` after `signal` aborts, the process says so and exits with 1.
 * Put it into the resources first, so that it is released last.
 */
export const boundRelease = (signal: AbortSignal, withinMs: number): Disposable => {
  let timer: NodeJS.Timeout | undefined
  const startTimer = (): void => {
    timer = setTimeout(() => {
      process.stderr.write(`Not everything was released within ${withinMs} ms: exiting without the rest\n`)
      process.exit(1)
    }, withinMs)
  }
  signal.addEventListener('abort', startTimer, { once: true })
  return {
    [Symbol.dispose]() {
      signal.removeEventListener('abort', startTimer)
      clearTimeout(timer)
    },
  }
}

/**
 * The life of a process, in one direction:
 *
 *   main builds ──▶ waits for SIGTERM or SIGINT ──▶ `signal` aborts ──▶ resources are released, last one first ──▶ exit
 *
 * `main` may return when all is built, or stay until `signal` aborts; both wait for the signal. A second signal ends
 * the process at once with exit code 1, even if something is still being released. If `main` throws, the resources so far are
 * released first. Then a `StartError` is shown as one sentence, any other error with its stack, both with exit code 1.
 */
export const runUntilSignal = async (
  main: (signal: AbortSignal, resources: AsyncDisposableStack) => Promise<void>,
): Promise<void> => {
  const controller = new AbortController()
  const { signal } = controller
  // A pending promise alone does not keep Node alive while it waits for the signal.
  const alive = setInterval(() => {}, 60_000)
  const stop = (name: NodeJS.Signals): void => {
    if (signal.aborted) process.exit(1)
    controller.abort(name)
  }
  for (const name of SIGNALS) process.on(name, stop)
  try {
    await using resources = new AsyncDisposableStack()
    await main(signal, resources)
    if (!signal.aborted) await once(signal, 'abort')
  } catch (error) {
    process.exitCode = 1
    if (!(error instanceof StartError)) throw error
    process.stderr.write(`${error.message}\n`)
  } finally {
    clearInterval(alive)
    setTimeout(() => process.exit(), EXIT_DEADLINE_MS).unref()
  }
}

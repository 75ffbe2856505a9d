import { once } from 'node:events'
import { StartError } from './start-error.ts'

const SIGNALS = ['SIGTERM', 'SIGINT'] as const

/** Once everything is released, what a dependency has left open may hold the process up for this long and no longer. */
const EXIT_DEADLINE_MS = 1_000

/** Ends the process `afterMs` from now, whatever is still being released by then, and says so. */
const boundRelease = (afterMs: number): Disposable => {
  const timer = setTimeout(() => {
    process.stderr.write(`Not everything was released within ${afterMs} ms: exiting without the rest\n`)
    process.exit(1)
  }, afterMs)
  return { [Symbol.dispose]: () => clearTimeout(timer) }
}

/**
 * The life of a process, in one direction:
 *
 *   main builds ──▶ waits for SIGTERM or SIGINT ──▶ `signal` aborts ──▶ resources are released, last one first ──▶ exit
 *
 * `main` may return when all is built, or stay until `signal` aborts; both wait for the signal. A second signal ends
 * the process at once with exit code 1, whatever is still being released, and so does `releaseMs` after the first, where
 * that is given: a process whose releasing may hang names it. When `main` throws, what it had built is
 * released first; a `StartError` is then shown as its one sentence, anything else with its stack, both with exit code 1.
 */
export const runUntilSignal = async (
  main: (signal: AbortSignal, resources: AsyncDisposableStack) => Promise<void>,
  { releaseMs }: { readonly releaseMs?: number } = {},
): Promise<void> => {
  const controller = new AbortController()
  const { signal } = controller
  // A pending promise alone does not keep Node alive while it waits for the signal.
  const alive = setInterval(() => {}, 60_000)
  let bound: Disposable | undefined
  const stop = (name: NodeJS.Signals): void => {
    if (signal.aborted) process.exit(1)
    if (releaseMs !== undefined) bound = boundRelease(releaseMs)
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
    bound?.[Symbol.dispose]()
    clearInterval(alive)
    setTimeout(() => process.exit(), EXIT_DEADLINE_MS).unref()
  }
}

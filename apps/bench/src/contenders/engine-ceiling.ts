import type Docker from 'dockerode'

const PARALLELISMS = [1, 2, 3, 4, 6]
const TRY_MS = 1_500
const NOTHING = ['/bin/true']

/** What the Docker engine itself can do, without Runnel. */
export interface EngineCeiling extends AsyncDisposable {
  /** Containers a second, measured over about this time, at the parallelism that is best for the engine. Each runs `/bin/true`, or the command. */
  measure(ms: number, command?: readonly string[]): Promise<number>
}

export const createEngineCeiling = (docker: Docker, label: string): EngineCeiling => {
  let stopped = false
  let running: Promise<unknown> = Promise.resolve()
  let best: { readonly parallelism: number; readonly rate: number } | undefined

  /** One container's whole life. */
  const makeOne = async (command: readonly string[]): Promise<void> => {
    const container = await docker.createContainer({
      Image: 'runnel/python',
      Entrypoint: [...command],
      Labels: { [label]: 'engine-ceiling' },
      // Sets up no network at all. With "none" alone the engine still records one.
      NetworkDisabled: true,
      HostConfig: { NetworkMode: 'none' },
    })
    await container.start()
    await container.wait()
    await container.remove({ v: true })
  }

  const measureAt = async (parallelism: number, ms: number, command: readonly string[]): Promise<number> => {
    const started = performance.now()
    let made = 0
    const loop = async () => {
      while (!stopped && performance.now() - started < ms) {
        await makeOne(command)
        made += 1
      }
    }
    const loops = Promise.all(Array.from({ length: parallelism }, loop))
    running = loops
    await loops
    return made / ((performance.now() - started) / 1_000)
  }

  const findBest = async () => {
    let found = { parallelism: 1, rate: 0 }
    for (const parallelism of PARALLELISMS) {
      const rate = await measureAt(parallelism, TRY_MS, NOTHING)
      if (rate > found.rate) found = { parallelism, rate }
    }
    return found
  }

  return {
    async measure(ms, command = NOTHING) {
      best ??= await findBest()
      return await measureAt(best.parallelism, ms, command)
    },
    // Waits for containers that are still being made, so that none is left.
    async [Symbol.asyncDispose]() {
      stopped = true
      await running.catch(() => {})
    },
  }
}

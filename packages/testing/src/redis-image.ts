import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import Docker from 'dockerode'

export const REDIS_IMAGE = 'runnel/redis'

/** The published base, and the ones that the bootstrap makes if no image registry answers. */
const BASE_IMAGES = ['debian:trixie-slim', 'runnel/debian:trixie-slim', 'runnel/base']
const CONTEXT = fileURLToPath(new URL('../../../infra/redis', import.meta.url))
const BUILD_TIMEOUT_MS = 180_000

const run = promisify(execFile)

const isPresent = async (image: string): Promise<boolean> => {
  try {
    await new Docker().getImage(image).inspect()
    return true
  } catch (error) {
    if (error instanceof Error && 'statusCode' in error && error.statusCode === 404) return false
    throw new Error('Cannot reach Docker: start it, or run only the pure tests', { cause: error })
  }
}

/** Builds our Redis image if it does not exist. Tries bases first that are already on the machine. */
export const ensureRedisImage = async (): Promise<void> => {
  if (await isPresent(REDIS_IMAGE)) return
  const present = await Promise.all(BASE_IMAGES.map(isPresent))
  const bases = [...BASE_IMAGES.filter((_, at) => present[at]), ...BASE_IMAGES.filter((_, at) => !present[at])]
  const failures: unknown[] = []
  for (const base of bases) {
    try {
      await run('docker', ['build', '--build-arg', `BASE_IMAGE=${base}`, '--tag', REDIS_IMAGE, CONTEXT], {
        timeout: BUILD_TIMEOUT_MS,
      })
      return
    } catch (error) {
      failures.push(error)
    }
  }
  throw new AggregateError(failures, `Cannot build ${REDIS_IMAGE} from ${bases.join(' or ')}`)
}

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, constants } from 'node:fs'
import { join } from 'node:path'

const PROBES = 5
const PLACES = ['/usr/local/bin', '/usr/bin']

const isExecutable = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

const timeOnce = async (python: string): Promise<number> => {
  const started = performance.now()
  const [code] = await once(spawn(python, ['-c', 'print(1)'], { stdio: 'ignore' }), 'exit')
  return code === 0 ? performance.now() - started : Number.POSITIVE_INFINITY
}

/**
 * The fastest python3 of this machine. The first one in the path may be a version manager's shell script, or a build
 * without optimization, which is several times slower and would make the comparison unfair.
 */
export const findPython = async (path = process.env['PATH'] ?? ''): Promise<string | undefined> => {
  const places = new Set([...path.split(':').filter((place) => place !== ''), ...PLACES])
  let quickest: { python: string; ms: number } | undefined
  for (const python of [...places].map((place) => join(place, 'python3')).filter(isExecutable)) {
    for (let probe = 0; probe < PROBES; probe += 1) {
      const ms = await timeOnce(python)
      if (ms < (quickest?.ms ?? Number.POSITIVE_INFINITY)) quickest = { python, ms }
    }
  }
  return quickest?.python
}

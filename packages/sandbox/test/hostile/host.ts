import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'

/** The users of sandboxes start here; see uids.ts. */
const FIRST_UID = 1_000_000
const CONTAINER_ID = /[0-9a-f]{64}/
/** The part of a container id that we show and know. */
const SHOWN_ID = 12
const GROUPS = '/sys/fs/cgroup'

const readProcesses = async () => {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const read = async (pid: string) => {
    const [status, group] = await Promise.all([
      readFile(`/proc/${pid}/status`, 'utf8'),
      readFile(`/proc/${pid}/cgroup`, 'utf8'),
    ])
    return { pid, uid: Number(/^Uid:\s+(\d+)/m.exec(status)?.[1]), group }
  }
  const found = await Promise.allSettled(pids.map(read))
  return found.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
}

/** What is left of these containers on the host, and processes that escaped from one. It must be nothing. */
export const findOnHost = async (containers: ReadonlySet<string>): Promise<string[]> => {
  // If the engine is on another machine, or in a virtual one, there is nothing to see here.
  if (!existsSync(GROUPS)) return []
  const isTheirs = (text: string): boolean => containers.has(CONTAINER_ID.exec(text)?.[0].slice(0, SHOWN_ID) ?? '')
  const processes = (await readProcesses())
    .filter(({ uid, group }) => isTheirs(group) || (uid >= FIRST_UID && !CONTAINER_ID.test(group)))
    .map(({ pid, uid }) => `process ${pid} of user ${uid}`)
  const groups = (await readdir(GROUPS, { recursive: true })).filter(isTheirs).map((path) => `control group ${path}`)
  return [...processes, ...groups]
}

/** How many descriptors this process has open. */
export const countDescriptors = async (): Promise<number> => {
  const own = '/proc/self/fd'
  return existsSync(own) ? (await readdir(own)).length : 0
}

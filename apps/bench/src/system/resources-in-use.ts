import { type Dirent, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type Docker from 'dockerode'
import { readSandboxUsage } from './container-stats.ts'
import { readMemory } from './process-memory.ts'
import type { System } from './system.ts'

const CONTROL_GROUPS = '/sys/fs/cgroup'
const ENGINE = new Set(['dockerd', 'containerd'])
const MIB = 1024 * 1024

/** What a system, and the engine for it, use at a moment. Mounts and control groups are those of the whole host. */
export interface ResourcesInUse {
  readonly containers: number
  readonly mounts: number
  readonly controlGroups: number
  /** Open in API, worker and, where we may look, in the engine. */
  readonly descriptors: number
  /** Of API, worker and sandboxes together. */
  readonly memoryMib: number
}

/** Empty for what has just gone, or belongs to another user. */
const listFolder = (path: string): readonly Dirent[] => {
  try {
    return readdirSync(path, { withFileTypes: true })
  } catch {
    return []
  }
}

/** All folders below this one. */
const countFolders = (folder: string): number =>
  listFolder(folder)
    .filter((entry) => entry.isDirectory())
    .reduce((sum, { name }) => sum + 1 + countFolders(join(folder, name)), 0)

const readName = (pid: string): string => {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim()
  } catch {
    return ''
  }
}

const findEngine = (): string[] =>
  listFolder('/proc').flatMap(({ name }) => (/^\d+$/.test(name) && ENGINE.has(readName(name)) ? [name] : []))

const countDescriptors = (pids: readonly (number | string)[]): number =>
  pids.reduce<number>((sum, pid) => sum + listFolder(`/proc/${pid}/fd`).length, 0)

export const readResourcesInUse = async (docker: Docker, system: System): Promise<ResourcesInUse> => {
  const apps = [system.api.pid, system.worker.pid]
  const sandboxes = await system.listSandboxes()
  const usages = await Promise.all(sandboxes.map((id) => readSandboxUsage(docker, id).catch(() => undefined)))
  const ofApps = apps.reduce((sum, pid) => sum + (readMemory(pid) ?? 0), 0)
  const ofSandboxes = usages.reduce((sum, usage) => sum + (usage?.memoryBytes ?? 0), 0)
  return {
    containers: await system.countContainers(),
    mounts: readFileSync('/proc/self/mountinfo', 'utf8').split('\n').length,
    controlGroups: countFolders(CONTROL_GROUPS),
    descriptors: countDescriptors([...apps, ...findEngine()]),
    memoryMib: (ofApps + ofSandboxes) / MIB,
  }
}

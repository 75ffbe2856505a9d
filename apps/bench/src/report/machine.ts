import { arch, availableParallelism, cpus, release, totalmem } from 'node:os'
import type Docker from 'dockerode'

const GIB = 1024 ** 3

/** The machine and the versions, because the numbers depend on them. */
export interface Machine {
  readonly processors: number
  readonly model: string
  readonly memoryGiB: number
  readonly kernel: string
  readonly docker: string
  readonly cgroup: string
  readonly node: string
}

export const readMachine = async (docker: Docker): Promise<Machine> => {
  const [version, info] = await Promise.all([docker.version(), docker.info()])
  return {
    processors: availableParallelism(),
    model: `${cpus()[0]?.model ?? 'unknown'} (${arch()})`,
    memoryGiB: Math.round((totalmem() / GIB) * 10) / 10,
    kernel: release(),
    docker: version.Version,
    cgroup: `v${info.CgroupVersion ?? 1}`,
    node: process.version,
  }
}

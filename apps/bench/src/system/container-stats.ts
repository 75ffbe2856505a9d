import type Docker from 'dockerode'

const NS_PER_MS = 1e6

export interface SandboxUsage {
  readonly memoryBytes: number
  readonly cpuMs: number
}

/** Memory as `docker stats` shows it: what the container's control group holds, without file pages it could drop at once. */
export const readSandboxUsage = async (docker: Docker, id: string): Promise<SandboxUsage> => {
  const { memory_stats, cpu_stats } = await docker.getContainer(id).stats({ stream: false, 'one-shot': true })
  if (memory_stats.stats === undefined) throw new Error('The engine has no statistics of its containers')
  // The first field is from control groups version 1, the second from version 2.
  const { total_inactive_file, inactive_file = 0 } = memory_stats.stats
  return {
    memoryBytes: memory_stats.usage - (total_inactive_file ?? inactive_file),
    cpuMs: cpu_stats.cpu_usage.total_usage / NS_PER_MS,
  }
}

// A process id alone may belong to another process by now. Together with its start time it names one process forever.
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'

export interface ProcessIdentity {
  readonly pid: number
  readonly startedAt: string
}

/** Fields of /proc/<pid>/stat, counted after the command's closing parenthesis. */
const STATE = 0
const START_TIME = 19

const readStartTime = (pid: number): string | undefined => {
  try {
    if (!existsSync('/proc/self/stat'))
      return execFileSync('ps', ['-o', 'lstart=', '-p', `${pid}`])
        .toString()
        .trim()
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    if (fields[STATE] === 'Z') return undefined
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()} ${fields[START_TIME]}`
  } catch {
    return undefined
  }
}

/** undefined when there is no such process, or when it has ended and only its exit code is left. */
export const identify = (pid: number): ProcessIdentity | undefined => {
  const startedAt = readStartTime(pid)
  return startedAt === undefined ? undefined : { pid, startedAt }
}

export const isAlive = ({ pid, startedAt }: ProcessIdentity): boolean => readStartTime(pid) === startedAt

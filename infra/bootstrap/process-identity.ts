// A process id alone may be somebody else's by now; together with the time of its birth it is one process for ever.
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'

export interface ProcessIdentity {
  readonly pid: number
  readonly born: string
}

/** Fields of /proc/<pid>/stat, counted after the command's closing parenthesis. */
const STATE = 0
const START_TIME = 19

const birthOf = (pid: number): string | undefined => {
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

/** undefined when there is no such process. */
export const identify = (pid: number): ProcessIdentity | undefined => {
  const born = birthOf(pid)
  return born === undefined ? undefined : { pid, born }
}

export const isAlive = ({ pid, born }: ProcessIdentity): boolean => birthOf(pid) === born

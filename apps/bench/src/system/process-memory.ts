import { readFileSync } from 'node:fs'

const KIB = 1024

const readStatus = (pid: number, field: string): number | undefined => {
  try {
    const kibibytes = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
    return kibibytes === undefined ? undefined : Number(kibibytes) * KIB
  } catch {
    return undefined
  }
}

/** Resident memory now; undefined if there is no /proc. */
export const readMemory = (pid: number): number | undefined => readStatus(pid, 'VmRSS')

/** The highest resident memory so far. */
export const readPeakMemory = (pid: number): number | undefined => readStatus(pid, 'VmHWM')

import { toBoundText } from './print.ts'
import type { Results } from './results.ts'
import { toDigits } from './table.ts'
import type { Verdict } from './verdict.ts'

const BEGIN = '<!-- bench: written by npm run bench -- --docs -->'
const END = '<!-- /bench -->'

const toMark = (passed: boolean, excused = false): string => {
  if (excused) return 'this machine is too slow'
  return passed ? '✓' : '✗'
}

const toCells = ({ target, ours, theirs, measured, passed, excused }: Verdict): string[] => {
  const digits = (value: number | undefined) => (value === undefined ? '' : toDigits(value))
  const figure =
    theirs === undefined ? digits(measured) : `**${digits(measured)} ×** (${digits(ours)} to ${digits(theirs)})`
  return [target.says, figure, toBoundText(target), toMark(passed, excused)]
}

/** The table between the two marks of docs/performance.md. */
export const toPageTable = ({ machine, at }: Results, verdicts: readonly Verdict[]): string => {
  const lines = [['measured', 'Runnel', 'target', ''], ['---', '---', '---', '---'], ...verdicts.map(toCells)].map(
    (cells) => `| ${cells.join(' | ')} |`,
  )
  const { processors, memoryGiB, kernel, docker, cgroup, node } = machine
  const facts = `${processors} processors, ${memoryGiB} GiB, Linux ${kernel}, Docker ${docker} (cgroup ${cgroup}), Node ${node}; ${at.slice(0, 10)}`
  return [...lines, '', `Measured in one run on one machine: ${facts}.`].join('\n')
}

/** Replaces the part of `text` between the two marks. */
export const replaceBetweenMarks = (text: string, table: string): string => {
  const begin = text.indexOf(BEGIN)
  const end = text.indexOf(END)
  if (begin < 0 || end < begin) throw new Error(`docs/performance.md has no ${BEGIN} with ${END} after it`)
  return `${text.slice(0, begin)}${BEGIN}\n\n${table}\n\n${text.slice(end)}`
}

import type { ContenderName } from '../contenders/contender.ts'
import { drawPicture } from './picture.ts'
import type { Results } from './results.ts'

const TITLE = 'From asking to the first output of print("…"), one program after another: share answered within'

/** Over HTTP the output comes with the answer, so the end is the first byte. */
const CURVES: readonly (readonly [label: string, contender: ContenderName, what: string])[] = [
  ['Runnel, WebSocket', 'runnel-stream', 'Python, first byte'],
  ['Runnel, POST /execute', 'runnel-execute', 'Python, finished'],
  ['bare python3 -c, no isolation', 'bare-python', 'Python, first byte'],
  ['subprocess service, no isolation', 'subprocess-service', 'Python, finished'],
  ['a container a request', 'container-service', 'Python, finished'],
]

/** Undefined if the scenario was not measured. */
export const drawLatency = ({ scenarios }: Results): string | undefined => {
  const rows = scenarios.find(({ scenario }) => scenario === 'sequential')?.rows ?? []
  if (rows.length === 0) return undefined
  const curves = CURVES.map(([label, contender, what]) => ({
    label,
    samples: rows.find((row) => row.contender === contender && row.what === what)?.samples ?? [],
  }))
  return drawPicture(TITLE, curves)
}

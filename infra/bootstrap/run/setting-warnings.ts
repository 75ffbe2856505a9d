// Warnings of RUNNEL_… variables that no process reads. The API writes them to its log when it starts. A user of `npm start`
// rarely reads that log, so the terminal shows them once.
import { readFileSync } from 'node:fs'

/** Takes a log of JSON lines. Other lines, as of a crash, are left out. */
export const readSettingWarnings = (log: string): readonly string[] =>
  readFileSync(log, 'utf8')
    .split('\n')
    .flatMap((line) => {
      try {
        const { setting, msg }: { setting?: string; msg: string } = JSON.parse(line)
        return setting === undefined ? [] : [msg]
      } catch {
        return []
      }
    })

import { setTimeout as delay } from 'node:timers/promises'
import { toBytes } from '@runnel/contract/public'
import type { Api } from '../../../apps/api/test/api.ts'

/**
 * Plays programs that have one step in each line: `out hello`, `err oops`, `bytes ff00`, `flood 1024` (KiB), `sleep 20` (ms),
 * `input` (prints it until it ends), `wait` (until it is canceled), `exit 3`.
 */
export const playPrograms = (api: Api): Promise<void> =>
  api.work(async ({ job, attempt, controls, signal }, publisher) => {
    const log = publisher.open(job.id, attempt)
    await log.start(job.program.terminal)
    let exitCode = 0
    for (const step of job.program.files[0]?.content.split('\n') ?? []) {
      const [act, text = ''] = [step.split(' ', 1)[0], step.slice(step.indexOf(' ') + 1)]
      if (act === 'out') await log.write('stdout', Buffer.from(`${text}\n`))
      if (act === 'err') await log.write('stderr', Buffer.from(`${text}\n`))
      if (act === 'bytes') await log.write('stdout', Buffer.from(text, 'hex'))
      if (act === 'flood') {
        const line = Buffer.from(`${'x'.repeat(1023)}\n`)
        for (let n = 0; n < Number(text); n += 1) await log.write('stdout', line)
      }
      if (act === 'sleep') await delay(Number(text))
      if (act === 'input') {
        for await (const control of controls) {
          if (control.type === 'stdin') await log.write('stdout', toBytes(control))
          if (control.type === 'signal') await log.write('stderr', Buffer.from(`${control.signal}\n`))
          if (control.type === 'resize') await log.write('stdout', Buffer.from(`${control.cols}x${control.rows}\n`))
          if (control.type === 'stdin-end') break
        }
      }
      if (act === 'wait' && !signal.aborted)
        await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
      if (act === 'exit') exitCode = Number(text)
    }
    const usage = { wallMs: 10, cpuMs: 5, peakMemoryBytes: 1024 }
    await log.finish(signal.aborted ? { type: 'canceled' } : { type: 'exited', exitCode }, usage)
  })

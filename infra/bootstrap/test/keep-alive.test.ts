import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { keepAlive } from '../run/keep-alive.ts'
import { startProgram } from '../run/program.ts'

test('a part that is restarted runs as a new process, and its end is not reported', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'runnel-part-'))
  const started = [Promise.withResolvers<number>(), Promise.withResolvers<number>()]
  const said: string[] = []
  let starts = 0
  const log = join(folder, 'part.log')
  const part = await keepAlive({
    name: 'A part',
    log,
    maxEnds: 1,
    say: (sentence) => said.push(sentence),
    start: () =>
      startProgram({
        command: process.execPath,
        args: ['-e', 'setInterval(() => {}, 1000)'],
        env: process.env,
        log,
        onPid: (pid) => started[starts++]?.resolve(pid),
      }),
  })
  try {
    const first = await started[0]?.promise
    await part.restart(5_000)
    expect(await started[1]?.promise).not.toBe(first)
    expect(said).toEqual([])
  } finally {
    await part.stop(5_000)
    await rm(folder, { recursive: true })
  }
})

import { expect, test } from 'vitest'
import { runCheck } from '../verify/run-check.ts'

test('A check fails if its command cannot be run, and names the command', async () => {
  const seen: string[] = []
  const { passed, output } = await runCheck('no-such-command', [], { onOutput: (text) => seen.push(text.toString()) })
  expect(passed).toBe(false)
  expect(output).toContain('Cannot run no-such-command')
  expect(seen.join('')).toBe(output)
})

test('A check passes if its command exits with 0', async () => {
  expect(await runCheck('sh', ['-c', 'echo fine'])).toMatchObject({ passed: true, output: 'fine\n' })
  expect(await runCheck('sh', ['-c', 'exit 3'])).toMatchObject({ passed: false })
})

test('A check ends when it is stopped', async () => {
  const signal = AbortSignal.timeout(100)
  expect(await runCheck('sleep', ['60'], { signal })).toMatchObject({ passed: false })
})

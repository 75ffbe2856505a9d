import { join } from 'node:path'
import { createContext, runInContext } from 'node:vm'
import { rolldown } from 'rolldown'
import { expect, test } from 'vitest'

/** Every warning of the bundler fails, because it means an import that browsers do not have. */
const bundleForBrowsers = async (): Promise<string> => {
  await using bundle = await rolldown({
    input: join(import.meta.dirname, '../src/detection.ts'),
    platform: 'browser',
    onLog(level, { message }) {
      throw new Error(`${level}: ${message}`)
    },
  })
  const { output } = await bundle.generate({ format: 'iife', name: 'languages' })
  expect(output).toHaveLength(1)
  return output[0].code
}

test('Detection and the search for fences run in a browser', async () => {
  const browser = createContext({ TextEncoder, TextDecoder, URL, performance, atob })
  runInContext(await bundleForBrowsers(), browser)
  const run = (code: string): unknown => JSON.parse(runInContext(`JSON.stringify(${code})`, browser))

  expect(run('[typeof Buffer, typeof process, typeof require]')).toEqual(['undefined', 'undefined', 'undefined'])
  expect(run(`languages.detectLanguage({ content: 'import os\\nprint(os.name)' })`)).toBe('python')
  const answer = 'Sure:\n```python\nprint(1)\n```\n'
  expect(run(`languages.findBlocksToRun(${JSON.stringify(answer)})`)).toEqual([
    { info: 'python', content: 'print(1)\n', firstLine: 3, lastLine: 3, fence: '```' },
  ])
})

import { browserTest as test } from '@runnel/testing/browser'
import { describe, expect } from 'vitest'

describe('A page of a browser test', () => {
  test('reaches the system, whose worker runs a program that the page submits', async ({ openPage, system }) => {
    const { page, allow } = await openPage()
    allow(/favicon/)
    await page.goto(`${system.url}/docs/`)
    const submit = `fetch('/v1/jobs?wait=20000', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ language: 'python', code: 'print(6 * 7)' }),
    }).then((answer) => answer.json()).then(({ output }) => output.stdout.data)`
    expect(await page.evaluate(submit)).toBe('42\n')
  })

  test('fails its test if it reports an error that the test does not allow', async ({ openPage }) => {
    const { page, allow, unexpected } = await openPage()
    await page.setContent('<script>console.error("said"); throw new Error("thrown")</script>')
    await expect
      .poll(() => unexpected().map((fault) => fault.split('\n')[0]))
      .toEqual(['console: said', 'exception: Error: thrown'])
    allow(/said/)
    expect(unexpected().length).toBe(1)
    allow(/thrown/)
    expect(unexpected()).toEqual([])
  })

  test('shares no cookie with another page, and no system with one that needs a key', async ({
    openPage,
    system,
    lockedSystem,
  }) => {
    const [one, other] = [await openPage(), await openPage()]
    await one.page.context().addCookies([{ name: 'of-one', value: 'x', url: system.url }])
    expect(await other.page.context().cookies(system.url)).toEqual([])
    const answers = [
      await fetch(`${lockedSystem.url}/v1/jobs`),
      await lockedSystem.call('GET', '/v1/jobs'),
      await system.call('GET', '/v1/jobs'),
    ]
    expect(answers.map(({ status }) => status)).toEqual([401, 200, 200])
  })
})

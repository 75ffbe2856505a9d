import { randomUUID } from 'node:crypto'
import { screenshot, browserTest as test } from '@runnel/testing/browser'
import type { SystemCalls } from '@runnel/testing/system'
import type { Page } from 'playwright-core'
import { describe, expect } from 'vitest'
import { findBarriers } from './find-barriers.ts'

/** Other files use the same system, so the first lines of these programs have a word of their own. */
const MARK = `mark-${randomUUID().slice(0, 8)}`

const PROGRAMS = [
  { language: 'python', code: `greeting = "${MARK} hello"\nprint(greeting)\nprint("same")` },
  { language: 'python', code: `greeting = "${MARK} goodbye"\nprint(greeting)\nprint("same")` },
  { language: 'javascript', code: `console.log("${MARK} from node")` },
  { language: 'python', code: `raise SystemExit("${MARK} fails")` },
  { language: 'python', code: `while "${MARK} never ends": pass`, limits: { wallMs: 300 } },
]

/** The time that a busy machine needs. */
const SOON = { timeout: 10_000 }

let ran: Promise<readonly string[]> | undefined
/** Runs the programs, once for all tests, one after the other so that their order is known. */
const runPrograms = (system: SystemCalls): Promise<readonly string[]> => {
  ran ??= (async () => {
    const ids: string[] = []
    for (const program of PROGRAMS) ids.push((await system.submit(program)).id)
    for (const id of ids) await system.finished(id)
    return ids
  })()
  return ran
}

const rowsOf = (page: Page) => page.getByRole('list', { name: 'Runs, newest first' }).getByRole('listitem')
const sentences = async (page: Page): Promise<string[]> => {
  const texts = await rowsOf(page).allInnerTexts()
  return texts.map((text) => text.split('\n')[0] ?? '')
}
const firstLines = PROGRAMS.map(({ code }) => code.split('\n')[0] ?? '')
const [hello = '', goodbye = '', fromNode = '', fails = '', neverEnds = ''] = firstLines
const newestFirst = firstLines.toReversed()

describe('The history', () => {
  test('shows what ran, newest first, with how it ended in words', async ({ openConsole, system }) => {
    await runPrograms(system)
    const { page } = await openConsole(`/history?q=${MARK}`)
    await expect.poll(() => sentences(page), SOON).toEqual(newestFirst)
    const texts = (await rowsOf(page).allInnerTexts()).map((text) => text.replaceAll('\n', ' '))
    expect(texts[0]).toContain('Stopped at its time limit of 300 ms')
    expect(texts[1]).toMatch(/Exited 1 after /)
    expect(texts[2]).toMatch(/JavaScript .*Exited 0 after /)
    expect(await page.title()).toBe('History – Runnel')
    await page.getByText('5 runs found in all that is kept').waitFor()
  })

  test('is filtered by how runs ended and by language, and its address says so', async ({ openConsole, system }) => {
    await runPrograms(system)
    const { page } = await openConsole(`/history?q=${MARK}`)
    const press = (name: string) => page.getByRole('button', { name, exact: true }).click()
    await press('Failed')
    await expect.poll(() => sentences(page), SOON).toEqual([fails])
    await press('Stopped by a limit')
    await expect.poll(() => sentences(page), SOON).toEqual([neverEnds, fails])
    await press('Failed')
    await press('Stopped by a limit')
    await press('JavaScript')
    await expect.poll(() => sentences(page), SOON).toEqual([fromNode])
    expect(new URL(page.url()).search).toBe(`?language=javascript&q=${MARK}`)
    await page.reload()
    await expect.poll(() => sentences(page), SOON).toEqual([fromNode])
  })

  test('is searched by its first lines, from the keyboard alone', async ({ openConsole, system }) => {
    await runPrograms(system)
    const { page } = await openConsole('/history')
    await rowsOf(page).first().waitFor()
    await page.keyboard.press('/')
    await page.keyboard.type(`${MARK} GOOD`)
    await expect.poll(() => sentences(page), SOON).toEqual([goodbye])
    await page.keyboard.press('Escape')
    await page.keyboard.type(`${MARK} nothing like this`)
    await page.getByText('No run passes the filter').waitFor()
    expect(await findBarriers(page)).toEqual([])
  })

  test('shows a run that comes while one looks at it', async ({ openConsole, system }) => {
    const word = `late-${randomUUID().slice(0, 8)}`
    const { page } = await openConsole(`/history?q=${word}`)
    await page.getByText('No run passes the filter').waitFor()
    await system.submit({ language: 'python', code: `print("${word}")` })
    await expect.poll(() => sentences(page), SOON).toEqual([`print("${word}")`])
    await page.getByText('Exited 0 after').waitFor()
  })

  test('compares two runs that the keyboard chose', async ({ openConsole, system }) => {
    await runPrograms(system)
    const { page } = await openConsole(`/history?q=${MARK}&language=python&outcome=succeeded`)
    await expect.poll(() => sentences(page), SOON).toEqual([goodbye, hello])
    await page.getByRole('link', { name: goodbye }).focus()
    await page.keyboard.press('Space')
    await page.getByText('1 run chosen.').waitFor()
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Space')
    await page.getByRole('link', { name: 'Compare', exact: true }).press('Enter')
    const program = page.getByRole('region', { name: 'Program' })
    // The older run is A.
    await expect
      .poll(() => program.getByRole('textbox').allInnerTexts(), SOON)
      .toEqual([
        `greeting = "${MARK} hello"\nprint(greeting)\nprint("same")`,
        `greeting = "${MARK} goodbye"\nprint(greeting)\nprint("same")`,
      ])
    const output = page.getByRole('region', { name: 'Output', exact: true })
    expect(await output.getByRole('textbox').allInnerTexts()).toEqual([
      `${MARK} hello\nsame\n\n`,
      `${MARK} goodbye\nsame\n\n`,
    ])
    await page.getByRole('row', { name: 'Time limit 30 s 30 s' }).waitFor()
    expect(await findBarriers(page)).toEqual([])
    await screenshot(page, 'compare-light-wide')
    await page.emulateMedia({ colorScheme: 'dark' })
    await screenshot(page, 'compare-dark-wide')
    expect(await findBarriers(page)).toEqual([])
    await page.setViewportSize({ width: 390, height: 844 })
    await page.getByRole('textbox', { name: 'main.py, both runs' }).waitFor()
    await screenshot(page, 'compare-dark-phone')
  })

  test('says what is missing when a run to compare does not exist', async ({ openConsole }) => {
    const { page, allow } = await openConsole('/history')
    allow(/404/)
    await page.goto(new URL(`/history/compare?a=job_${'0'.repeat(32)}&b=job_${'1'.repeat(32)}`, page.url()).href)
    await page.getByRole('alert').getByText('The two runs could not be read').waitFor()
    await page.getByRole('link', { name: 'Back to the history' }).click()
    await page.getByRole('heading', { name: 'History' }).waitFor()
  })

  test('has no barrier in light, dark and on a phone', async ({ openConsole, system }) => {
    await runPrograms(system)
    const { page } = await openConsole('/history')
    await rowsOf(page).nth(4).waitFor()
    await screenshot(page, 'history-light-wide')
    expect(await findBarriers(page)).toEqual([])
    await page.emulateMedia({ colorScheme: 'dark' })
    await screenshot(page, 'history-dark-wide')
    expect(await findBarriers(page)).toEqual([])
    await page.setViewportSize({ width: 390, height: 844 })
    await screenshot(page, 'history-dark-phone')
    await page.emulateMedia({ colorScheme: 'light' })
    await screenshot(page, 'history-light-phone')
    const overflow = 'document.documentElement.scrollWidth - document.documentElement.clientWidth'
    expect(await page.evaluate(overflow)).toBe(0)
    expect(await findBarriers(page)).toEqual([])
  })
})

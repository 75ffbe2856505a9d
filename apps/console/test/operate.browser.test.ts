import { screenshot, browserTest as test } from '@runnel/testing/browser'
import { nameOf, type SystemCalls } from '@runnel/testing/system'
import { expect } from 'vitest'
import { z } from 'zod'
import { findBarriers } from './find-barriers.ts'

/** The time that a busy machine needs. */
const SOON = { timeout: 10_000 }

const workersSchema = z.object({ workers: z.array(z.object({ id: z.string(), busy: z.number() })) })

const findBusyWorker = async (system: SystemCalls): Promise<string> => {
  const { workers } = workersSchema.parse(await (await system.call('GET', '/v1/workers')).json())
  const ids = workers.filter(({ busy }) => busy > 0).map(({ id }) => id)
  expect(ids).toHaveLength(1)
  return ids.join()
}

/** One system, from its first job to its last worker: starting it takes longer than all that is checked here. */
test('An operator sees the system, drains a worker and takes it back, and sees one die', async ({
  openPage,
  startOwn,
}) => {
  const system = await startOwn({ RUNNEL_CONCURRENCY: '2' })
  await system.startWorker()
  const jobs = ['print(1)', 'raise SystemExit(3)', 'while True: pass'].map((code) =>
    system.submit({ language: 'python', code, limits: { wallMs: 400 } }),
  )
  for (const { id } of await Promise.all(jobs)) await system.finished(id)

  const { page } = await openPage({ viewport: { width: 1280, height: 1000 } })
  await page.goto(`${system.url}/ops`)
  await page
    .getByText('2 workers, 0 of 4 sandboxes busy, no job waits. In the last hour 3 ended, none by our fault.')
    .waitFor()

  // A job that runs is counted at once, and the number leads to it.
  const long = await system.submit({
    language: 'python',
    code: 'import time; print("long", flush=True); time.sleep(60)',
  })
  await page.getByRole('link', { name: '1 of 4 sandboxes busy' }).click()
  await page.getByRole('link', { name: 'import time; print("long", flush=True); time.sleep(60)' }).waitFor()
  await page.goBack()

  // The numbers of a plot lead to the runs behind them.
  const ended = page.getByRole('figure').filter({ has: page.getByRole('heading', { name: 'Ended' }) })
  await ended.getByRole('listitem').filter({ hasText: 'Limit' }).getByRole('link', { name: '1' }).click()
  await page.getByRole('link', { name: 'while True: pass' }).waitFor()
  await page.goBack()

  // The same numbers, as a table and for the keyboard.
  await page.getByRole('slider', { name: 'The minute that is looked at' }).press('ArrowLeft')
  await page.getByRole('button', { name: 'All of it' }).waitFor()
  await page.getByRole('button', { name: 'As a table' }).click()
  await page.getByRole('columnheader', { name: 'First output' }).waitFor()
  expect(await page.getByRole('region', { name: 'Numbers by time' }).getByRole('row').count()).toBeGreaterThan(2)
  expect(await findBarriers(page)).toEqual([])
  await page.getByRole('button', { name: 'As a table' }).click()
  await screenshot(page, 'operate-light-wide')

  // Drain the one with the job that runs, with what it will do said before.
  const workers = page.getByRole('region', { name: 'Workers' })
  const busy = await findBusyWorker(system)
  await workers
    .getByRole('row')
    .filter({ has: page.getByTitle(busy) })
    .getByRole('button', { name: /^Drain / })
    .click()
  const dialog = page.getByRole('dialog')
  await dialog.getByText('It takes no new jobs. The 1 job that runs on it finishes as usual.').waitFor()
  await dialog.getByText('1 other worker with 2 sandboxes goes on.').waitFor()
  expect(await findBarriers(page)).toEqual([])
  await dialog.getByRole('button', { name: 'Drain' }).press('Enter')
  await workers.getByText('Draining').waitFor()
  await page.getByText('2 workers, 1 of them not ready').waitFor()
  expect((await system.read(long.id)).status).toBe('running')
  await system.call('DELETE', `/v1/jobs/${long.id}`)
  await workers.getByText('Drained').waitFor()
  await workers.getByRole('button', { name: /^Take .* back$/ }).click()
  await expect.poll(() => workers.getByText('Ready', { exact: true }).count(), SOON).toBe(2)

  // A worker is killed: it is seen as lost when it missed its beats, and the other goes on.
  const [, victim] = system.workers
  expect(victim === undefined ? undefined : nameOf(victim)).toBeDefined()
  victim?.signal('SIGKILL')
  await workers.getByText('Lost', { exact: true }).waitFor({ timeout: 25_000 })
  await page.getByText('1 worker, 0 of 2 sandboxes busy').waitFor()

  await page.emulateMedia({ colorScheme: 'dark' })
  expect(await findBarriers(page)).toEqual([])
  await screenshot(page, 'operate-dark-wide')
  await page.setViewportSize({ width: 390, height: 844 })
  await screenshot(page, 'operate-dark-phone')
  expect(await findBarriers(page)).toEqual([])

  // The last one stops: jobs wait, and the page says what to do.
  system.workers[0]?.signal('SIGTERM')
  await page.getByText('No worker is alive.').waitFor()
  await page.getByText('npm start -- --workers 1').waitFor()
  for (const n of [1, 2]) await system.submit({ language: 'python', code: `print(${n})` })
  const third = await system.submit({ language: 'python', code: 'print(3)' })
  await page.goto(`${system.url}/r/${third.id}`)
  await page.getByTestId('state').filter({ hasText: 'Queued, 3rd in line' }).waitFor()

  // The first key ends access without one. This browser goes on with it.
  await page.goto(`${system.url}/ops/keys`)
  await page.getByRole('button', { name: 'Make a key' }).click()
  await dialog.getByText('This is the first key: from then on everybody needs one').waitFor()
  await dialog.getByLabel('Name').fill('the first')
  await dialog.getByRole('button', { name: 'Make the key' }).click()
  await dialog.getByText('Copy it now. It is shown this once').waitFor()
  await dialog.getByRole('button', { name: 'I have it' }).click()
  await page.getByRole('row').filter({ hasText: 'the first' }).getByText('submit, read, sandboxes, admin').waitFor()
  expect((await fetch(`${system.url}/v1/jobs`)).status).toBe(401)
}, 120_000)

import { type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { test as base, expect, inject } from 'vitest'
// It says what `inject('redisUrl')` is.
import type {} from '../redis-container.ts'
import { createSystemCalls, type SystemCalls, startSystem } from '../system/index.ts'
import { uniquePrefix } from '../unique-prefix.ts'
import { findBrowser } from './find-browser.ts'
import { removeKeys } from './remove-keys.ts'
import { type SharedSystem, SYSTEM_ENV, sharedSystemSchema } from './shared-system.ts'
import { type PageFaults, watchPage } from './watch-page.ts'

/** A page in a profile of its own: no other page has its cookies or its storage. */
export interface OpenPage extends PageFaults {
  readonly page: Page
}

/** A system that needs a key. */
export interface LockedSystem extends SystemCalls {
  /** May submit, read and administrate, as the tenant `acme`. Calls of this object carry it. */
  readonly key: string
}

/** Longer than a busy machine needs for anything that a page shows at once. */
const PAGE_TIMEOUT_MS = 15_000

/** Chromium refuses to run its own sandbox as root. The shared memory of a container may be small. */
const LAUNCH = { chromiumSandbox: process.getuid?.() !== 0, args: ['--disable-dev-shm-usage'] }

const share = async (name: 'open' | 'locked'): Promise<SharedSystem> => {
  const answer = await fetch(`${inject('sharedSystemsUrl')}/${name}`)
  if (!answer.ok) throw new Error(await answer.text())
  return sharedSystemSchema.parse(await answer.json())
}

/**
 * A test with a real browser and the real system: API, worker, Docker, and the built console.
 *
 *   system        serves without keys; all files share it, so a test must not make keys in it
 *   lockedSystem  needs a key, `lockedSystem.key`; shared in the same way
 *   startOwn      starts a system for this test alone, to break it
 *   openPage      opens an empty page in a profile of its own; the test fails if the page reports an error that it did
 *                 not allow
 *   openConsole   the same, on the console of `system`
 */
export const browserTest = base
  .extend('launchOptions', { scope: 'worker' }, LAUNCH)
  .extend('browser', { scope: 'worker' }, async ({ launchOptions }, { onCleanup }) => {
    const browser = await chromium.launch({ ...launchOptions, executablePath: findBrowser() })
    onCleanup(() => browser.close())
    return browser
  })
  .extend('system', async ({ task: _ }) => createSystemCalls((await share('open')).url))
  .extend('lockedSystem', async ({ task: _ }): Promise<LockedSystem> => {
    const { url, key = '' } = await share('locked')
    return { ...createSystemCalls(url, key), key }
  })
  .extend('startOwn', async ({ task: _ }, { onCleanup }) => {
    const redisUrl = inject('redisUrl')
    const systems = new AsyncDisposableStack()
    onCleanup(() => systems.disposeAsync())
    return async (env: Readonly<Record<string, string>> = {}) => {
      const prefix = uniquePrefix()
      systems.defer(() => removeKeys(redisUrl, prefix))
      return systems.use(await startSystem({ redisUrl, prefix, env: { ...SYSTEM_ENV, ...env } }))
    }
  })
  .extend('openPage', async ({ browser }, { onCleanup }) => {
    const opened: (OpenPage & { readonly close: () => Promise<void> })[] = []
    onCleanup(async () => {
      await Promise.all(opened.map(({ close }) => close()))
      const errors = opened.flatMap((page) => page.unexpected())
      expect(errors, 'errors that pages reported').toEqual([])
    })
    return async (options: BrowserContextOptions = {}): Promise<OpenPage> => {
      const context = await browser.newContext(options)
      context.setDefaultTimeout(PAGE_TIMEOUT_MS)
      const page = await context.newPage()
      const open = { page, ...watchPage(page), close: () => context.close() }
      opened.push(open)
      return open
    }
  })
  .extend('openConsole', async ({ openPage, system }) => async (path = '/', options: BrowserContextOptions = {}) => {
    const open = await openPage(options)
    await open.page.goto(`${system.url}${path}`)
    return open
  })

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { browserTest } from '@runnel/testing/browser'
import react from '@vitejs/plugin-react'
import type { BrowserContextOptions, Page } from 'playwright-core'
import { build, type Plugin } from 'vite'
import type { Wanted } from './page/main.tsx'

const DIST = join(import.meta.dirname, '../dist')

/** The strictest policy that xterm works under: its renderer inserts style elements. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; connect-src 'self'; font-src 'self'"
const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html',
  js: 'text/javascript',
  css: 'text/css',
  woff2: 'font/woff2',
}

type Files = ReadonlyMap<string, string | Uint8Array>

const PREFIX = 'virtual:readme'

/** The first block of code in README.md with that language, as a module: `virtual:readme.tsx`. */
const readmeExamples = (): Plugin => ({
  name: 'readme-examples',
  resolveId: (id) => (id.startsWith(PREFIX) ? id : undefined),
  load: (id) => {
    if (!id.startsWith(PREFIX)) return undefined
    const readme = readFileSync(join(import.meta.dirname, '../README.md'), 'utf8')
    const [, code] = new RegExp(`^\\\`\\\`\\\`${id.split('.').at(-1)}\\n([^]*?)^\\\`\\\`\\\``, 'm').exec(readme) ?? []
    if (code === undefined) throw new Error(`README.md has no block for ${id}`)
    return code
  },
})

/** The package as it is published, in a page that a bundler made for browsers. */
const buildPage = async (): Promise<Files> => {
  await import('../build.ts')
  const built = await build({
    root: join(import.meta.dirname, 'page'),
    base: './',
    configFile: false,
    logLevel: 'warn',
    plugins: [readmeExamples(), react()],
    resolve: {
      alias: [
        { find: /^@runnel\/terminal$/, replacement: join(DIST, 'index.js') },
        { find: /^@runnel\/terminal\/react$/, replacement: join(DIST, 'react.js') },
        { find: /^@runnel\/terminal\/terminal.css$/, replacement: join(DIST, 'terminal.css') },
      ],
    },
    // So that StrictMode mounts everything twice, as it does for those who develop a page.
    define: { 'process.env.NODE_ENV': JSON.stringify('development') },
    build: { target: 'es2022', write: false, assetsInlineLimit: 0 },
  })
  if (!('output' in built)) throw new Error('Vite made something else than one page')
  return new Map(built.output.map((file) => [file.fileName, file.type === 'chunk' ? file.code : file.source]))
}

const PLACE = '/terminal-test/'

/** The page lies on the API's own origin, though the API does not serve it. */
const serve = async (page: Page, origin: string, files: Files): Promise<void> => {
  await page.route(`${origin}${PLACE}**`, async (route) => {
    const name = new URL(route.request().url()).pathname.slice(PLACE.length) || 'index.html'
    const body = files.get(name)
    if (body === undefined) return route.fulfill({ status: 404 })
    const headers = { 'content-security-policy': POLICY }
    await route.fulfill({ body: Buffer.from(body), contentType: TYPES[name.split('.').pop() ?? ''] ?? '', headers })
  })
}

/** `openTerminal` opens a page with a terminal on it. */
export const terminalTest = browserTest
  .extend('terminalFiles', { scope: 'worker' }, buildPage)
  .extend('openTerminal', async ({ openPage, system, terminalFiles }) => {
    return async (wanted: Wanted = {}, options: BrowserContextOptions = {}) => {
      // Chromium does not take a page that a test serves for a local one, so it would refuse it the API on loopback.
      const permissions = ['local-network-access', ...(options.permissions ?? [])]
      const open = await openPage({ ...options, permissions })
      await serve(open.page, system.url, terminalFiles)
      await open.page.goto(`${system.url}${PLACE}#${encodeURIComponent(JSON.stringify(wanted))}`)
      await open.page.locator('.xterm-screen').waitFor({ state: 'attached' })
      return open
    }
  })

// The browser of the browser tests: an installed Chrome or Chromium, else the Chromium of Debian, which root can install there.
// Ubuntu's packages of that name only fetch a snap, so nothing is installed on Ubuntu.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../places.ts'
import { Refusal } from '../refusal.ts'
import { installDebianPackages, isDebian, isRoot } from './debian.ts'
import type { Step } from './step.ts'

/** Where Chrome and Chromium are, by platform: the file that the tests read too. */
const PLACES = join(ROOT, 'packages/testing/src/browser/browsers.json')

export interface BrowserFacts {
  /** RUNNEL_TEST_BROWSER. */
  readonly named: string | undefined
  /** Whether there is a program at this path. */
  readonly isThere: (path: string) => boolean
  /** The usual paths on this platform. */
  readonly places: readonly string[]
  readonly mayInstall: boolean
}

/** A program to use; or whether one can be installed. */
export const decideBrowser = ({ named, isThere, places, mayInstall }: BrowserFacts): string | 'install' | 'none' => {
  if (named !== undefined && named !== '') {
    if (isThere(named)) return named
    throw new Refusal(`RUNNEL_TEST_BROWSER: there is no program at ${named}: name another one, or unset it.`)
  }
  return places.find(isThere) ?? (mayInstall ? 'install' : 'none')
}

const isUbuntu = (): boolean => /^ID=ubuntu$/m.test(readFileSync('/etc/os-release', 'utf8'))

const decide = (): string | 'install' | 'none' => {
  const places: Record<string, readonly string[]> = JSON.parse(readFileSync(PLACES, 'utf8'))
  return decideBrowser({
    named: process.env['RUNNEL_TEST_BROWSER'],
    isThere: existsSync,
    places: places[process.platform] ?? [],
    mayInstall: isRoot() && isDebian() && !isUbuntu(),
  })
}

export const hasBrowser = (): boolean => !['install', 'none'].includes(decide())

export const WITHOUT_BROWSER =
  'There is no Chrome or Chromium, so the tests *.browser.test.ts are left out: install one, or name its program in RUNNEL_TEST_BROWSER, then run this again.'

export const installBrowser: Step = {
  title: 'Chromium from the distribution',
  isDone: () => decide() !== 'install',
  disk: () => '/var',
  async act() {
    // Without it, all other tests still run; the caller says what is left out. The font is for the screenshots.
    await installDebianPackages('chromium', 'fonts-noto-color-emoji').catch(() => {})
  },
  remedy: WITHOUT_BROWSER,
}

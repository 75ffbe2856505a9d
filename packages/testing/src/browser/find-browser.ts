import { existsSync, readFileSync } from 'node:fs'
import { readConfig, SETTINGS } from '@runnel/process'
import { z } from 'zod'

/** Where Chrome and Chromium are installed, by platform. The bootstrap reads the same file. */
const placesSchema = z.partialRecord(z.string(), z.array(z.string()))

/** The program of an installed Chrome or Chromium: the one that RUNNEL_TEST_BROWSER names, else the first that is there. */
export const findBrowser = (): string => {
  const { RUNNEL_TEST_BROWSER: named } = readConfig(z.object(SETTINGS['browser tests']))
  const places = placesSchema.parse(JSON.parse(readFileSync(new URL('./browsers.json', import.meta.url), 'utf8')))
  const found = (named === undefined ? (places[process.platform] ?? []) : [named]).find(existsSync)
  if (found !== undefined) return found
  throw new Error(
    named === undefined
      ? 'There is no Chrome or Chromium: install one, or name its program in RUNNEL_TEST_BROWSER'
      : `RUNNEL_TEST_BROWSER: there is no program at ${named}`,
  )
}

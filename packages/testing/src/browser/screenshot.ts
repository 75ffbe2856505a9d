import { fileURLToPath } from 'node:url'
import type { Page } from 'playwright-core'

const FOLDER = fileURLToPath(new URL('../../../../.runnel/screenshots/', import.meta.url))

/** Writes what the page shows to `.runnel/screenshots/<name>.png`, for a person to look at. */
export const screenshot = async (page: Page, name: string): Promise<void> => {
  await page.screenshot({ path: `${FOLDER}${name}.png`, animations: 'disabled' })
}

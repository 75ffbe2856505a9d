import axe from 'axe-core'
import type { Page } from 'playwright-core'
import { z } from 'zod'

const resultsSchema = z.object({
  violations: z.array(
    z.object({
      id: z.string(),
      impact: z.string().nullable(),
      help: z.string(),
      nodes: z.array(z.object({ target: z.array(z.unknown()), failureSummary: z.string().optional() })),
    }),
  ),
})

/** Colours that are on their way to others: axe would measure a colour that nobody sees for long. */
const untilColoursStay = (page: Page): Promise<void> =>
  page.evaluate(async () => {
    const transitions = document.getAnimations().filter((animation) => animation instanceof CSSTransition)
    await Promise.allSettled(transitions.map(({ finished }) => finished))
  })

/** What axe finds serious or critical in what the page shows now, a sentence for each element. */
export const findBarriers = async (page: Page): Promise<readonly string[]> => {
  await untilColoursStay(page)
  // Evaluated by the browser's debugger, which the page's Content-Security-Policy does not stop.
  await page.evaluate(axe.source)
  const { violations } = resultsSchema.parse(await page.evaluate('axe.run(document, { resultTypes: ["violations"] })'))
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, help, nodes }) =>
      nodes.map(({ target, failureSummary = '' }) => `${id}: ${help}: ${target.join(' ')} ${failureSummary}`),
    )
}

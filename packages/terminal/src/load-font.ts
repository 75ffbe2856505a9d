/** A terminal measures its font once, when it opens. So the font must be there before, if it comes soon. */
const PATIENCE_MS = 1_000

const WEIGHTS = [400, 600]

/** Resolves when the font is loaded, also if there is none of that name. Never rejects. */
const load = async (fontFamily: string, fontSize: number): Promise<void> => {
  await Promise.allSettled(WEIGHTS.map((weight) => document.fonts.load(`${weight} ${fontSize}px ${fontFamily}`)))
}

/**
 * Waits for the font, up to a second. Answers undefined if it is there, otherwise a promise for it: measure again then.
 */
export const loadFont = async (fontFamily: string, fontSize: number): Promise<{ late: Promise<void> } | undefined> => {
  const loading = load(fontFamily, fontSize)
  let timer: ReturnType<typeof setTimeout> | undefined
  const patience = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), PATIENCE_MS)
  })
  const first = await Promise.race([loading, patience])
  clearTimeout(timer)
  return first === 'late' ? { late: loading } : undefined
}

/** Puts text on the clipboard. false: the browser refused, so show the text for copying by hand. */
export const copyText = async (text: string): Promise<boolean> => {
  try {
    // Not there on http, except on this machine.
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    return false
  }
}

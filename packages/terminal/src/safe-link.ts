/** Longer ones are cut in what is shown; what is opened stays whole. */
const SHOWN = 200

/** A link that may be opened: where it really leads, and how that is shown. */
export interface SafeLink {
  readonly href: string
  readonly shown: string
}

/**
 * Only http and https. `href` is what the browser will open, so a host that only looks like another one is shown in its
 * ASCII form, and spaces and control characters as %20 and the like.
 */
export const toSafeLink = (text: string): SafeLink | undefined => {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !['http:', 'https:'].includes(url.protocol)) return undefined
  const { href } = url
  return { href, shown: href.length > SHOWN ? `${href.slice(0, SHOWN)}…` : href }
}

/** Whether the printed text itself says where the link leads. Otherwise a person must see the target before it opens. */
export const saysWhereItLeads = (printed: string, { href }: SafeLink): boolean => {
  const own = toSafeLink(printed.trim())
  return own?.href === href
}

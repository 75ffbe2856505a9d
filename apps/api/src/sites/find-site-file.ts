import type { Site, SiteFile } from './site.ts'

const INDEX = 'index.html'

/** What a URL of a site leads to. `missing` may have a page of the site that says so. */
export type FoundFile =
  | { readonly kind: 'file'; readonly file: SiteFile }
  | { readonly kind: 'redirect'; readonly location: string }
  | { readonly kind: 'missing'; readonly page: SiteFile | undefined }

const decode = (text: string): string | undefined => {
  try {
    return decodeURIComponent(text).normalize('NFC')
  } catch {
    return undefined
  }
}

/**
 *   /a/b.css   the file
 *   /a/        the file a/index.html; `/` without one: on to the entry
 *   /a         on to `/a/`, if a/index.html is there
 *   else       a visit of a path without an ending gets the page at the root: a single-page app reads the path itself;
 *              everything else is missing, with 404.html if the site has one
 *
 * `target`: path and query as the request has them. `isVisit`: a browser asks for a page.
 */
export const findSiteFile = ({ files, entry }: Site, target: string, isVisit: boolean): FoundFile => {
  const [pathname = '/', query] = target.split(/\?(.*)/s)
  const search = query === undefined ? '' : `?${query}`
  const path = decode(pathname.slice(1))
  const file = files.get(path === '' || path?.endsWith('/') ? `${path}${INDEX}` : (path ?? ''))
  if (file !== undefined) return { kind: 'file', file }
  if (path === '')
    return { kind: 'redirect', location: `/${entry.split('/').map(encodeURIComponent).join('/')}${search}` }
  if (path !== undefined && files.has(`${path}/${INDEX}`))
    return { kind: 'redirect', location: `${pathname}/${search}` }
  const root = files.get(INDEX) ?? files.get(entry)
  const hasEnding = /\.[^/]*$/.test(path ?? '.')
  if (isVisit && !hasEnding && root !== undefined) return { kind: 'file', file: root }
  return { kind: 'missing', page: isVisit ? files.get('404.html') : undefined }
}

import { SCRIPT_PATH } from './page-console.ts'

/** What may come before the first script of a page. In it no tag of ours would hide the doctype. */
const START = /^\uFEFF?(?:\s|<!--[\s\S]*?-->|<!doctype[^>]*>|<html(?:\s[^>]*)?>|<head(?:\s[^>]*)?>)*/i

const toAttribute = (text: string): string => text.replace(/[&"<>]/g, (character) => `&#${character.codePointAt(0)};`)

/** The page with our script before its first one. No line of the page moves. `path`: of the file in the site. */
export const addScript = (html: string, path: string): string => {
  const [start = ''] = START.exec(html) ?? []
  return `${start}<script src="${SCRIPT_PATH}" data-page="${toAttribute(path)}"></script>${html.slice(start.length)}`
}

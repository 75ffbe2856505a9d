import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'

const ROOT = join(import.meta.dirname, '../../..')
const LINK = /\[[^\]]*\]\(([^)\s]+)\)/g
/** A path in code style that starts with one of our folders. */
const PATH = /`((?:apps|docs|examples|infra|packages|src|test)\/[\w./-]*\w)\/?`/g
const FENCE = /^ *```[\s\S]*?^ *```/gm

/** Tracked files, and new ones that are not ignored. */
const pages = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.md'], { cwd: ROOT })
  .toString()
  .trim()
  .split('\n')
  .filter((path) => existsSync(join(ROOT, path)))

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8')

/** The link of a heading: lower case, without punctuation, dashes for spaces. */
const toAnchor = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-')

const hasAnchor = (path: string, anchor: string): boolean => {
  const headings = read(path)
    .replace(FENCE, '')
    .matchAll(/^#+ (.+)$/gm)
  return [...headings].some(([, heading = '']) => toAnchor(heading) === anchor)
}

/** What is wrong with a link of this page; undefined if its target exists, or is outside the repository. */
const findFault = (page: string, link: string): string | undefined => {
  if (/^[a-z]+:/.test(link)) return undefined
  const [path = '', anchor] = link.split('#')
  const target = path === '' ? page : join(dirname(page), path)
  if (target.startsWith('..') || !existsSync(join(ROOT, target))) return `${page}: there is no ${link}`
  if (anchor === undefined || !target.endsWith('.md') || hasAnchor(target, anchor)) return undefined
  return `${page}: ${target} has no heading for #${anchor}`
}

test('every link from one page of the repository to another has a target', () => {
  const links = pages.flatMap((page) =>
    [...read(page).replace(FENCE, '').matchAll(LINK)].map(([, link = '']) => [page, link] as const),
  )
  expect(links).toContainEqual(['README.md', 'docs/README.md'])
  expect(links.flatMap(([page, link]) => findFault(page, link) ?? [])).toEqual([])
})

test('a link without a target is found', () => {
  expect(findFault('README.md', 'docs/none.md')).toBe('README.md: there is no docs/none.md')
  expect(findFault('docs/README.md', '../../outside.md')).toBe('docs/README.md: there is no ../../outside.md')
  expect(findFault('README.md', 'docs/README.md#none')).toBe('README.md: docs/README.md has no heading for #none')
})

test('every file that a page names exists', () => {
  const paths = pages
    .filter((page) => !page.startsWith('docs/how-to-'))
    .flatMap((page) => [...read(page).matchAll(PATH)].map(([, path = '']) => [page, path] as const))
  const faults = paths.flatMap(([page, path]) => {
    // An entry of a package, such as `packages/contract/public`, is a file or folder of its `src`.
    const entry = path.replace(/^packages\/(\w+)\//, 'packages/$1/src/')
    const places = [join(dirname(page), path), path, entry]
    return places.some((place) => existsSync(join(ROOT, place))) ? [] : `${page}: there is no ${path}`
  })
  expect(paths).toContainEqual(['packages/sandbox/README.md', 'test/hostile'])
  expect(faults).toEqual([])
})

test('every page in docs/ is listed in its index', () => {
  const index = read('docs/README.md')
  const unlisted = pages.filter((page) => /^docs\/[^/]+\.md$/.test(page) && !index.includes(`(${page.slice(5)})`))
  // The index does not list itself.
  expect(unlisted).toEqual(['docs/README.md'])
})

test('the README has at most 1,000 words', () => {
  expect(read('README.md').split(/\s+/).length).toBeLessThanOrEqual(1_000)
})

test('.nvmrc names the major of the Node that .node-version pins', () => {
  expect(read('.nvmrc').trim()).toBe(read('.node-version').split('.')[0])
})

import type { Extracted } from '@runnel/contract/public'
import { type FencedBlock, readInfo } from '@runnel/languages/detection'

/** A file that a page names, from a block of its own. */
export interface PagePart {
  readonly path: string
  readonly content: string
}

/** Relative, without a query and without a way out of the folder. */
const PATH = String.raw`(?:\./)?((?!\.|/|[a-z]+:)[\w./-]+?\.`

/** The files of one kind that a page names, in its order, each once. */
const findNames = (page: string, attribute: string, ending: string): readonly string[] => {
  const found = page.matchAll(new RegExp(`\\b${attribute}\\s*=\\s*["']?${PATH}${ending})["'\\s>]`, 'gi'))
  return [...new Set([...found].flatMap(([, path = '']) => (path.includes('..') ? [] : [path])))]
}

const KINDS = [
  { attribute: 'href', ending: 'css', isKind: (block: FencedBlock) => nameOfOther(block) === 'CSS' },
  {
    attribute: 'src',
    ending: '(?:js|mjs)',
    isKind: (block: FencedBlock) => {
      const kind = readInfo(block.info)
      return kind.type === 'program' && kind.language === 'javascript'
    },
  },
]

const nameOfOther = ({ info }: FencedBlock): string | undefined => {
  const kind = readInfo(info)
  return kind.type === 'other' ? kind.name : undefined
}

/**
 * A page whose styles and scripts are in blocks of their own, as models like to answer: one block of HTML that names as many files of
 * each kind as there are blocks of it. The n-th block gets the n-th name. Undefined if the blocks are something else.
 */
export const joinPage = (
  blocks: readonly FencedBlock[],
): { readonly code: string; readonly others: readonly PagePart[]; readonly extracted: Extracted } | undefined => {
  const pages = blocks.filter(({ info }) => readInfo(info).type === 'html')
  const [page] = pages
  if (page === undefined || pages.length > 1) return undefined
  const others: PagePart[] = []
  for (const { attribute, ending, isKind } of KINDS) {
    const parts = blocks.filter(isKind)
    const names = findNames(page.content, attribute, ending)
    if (parts.length !== names.length) return undefined
    others.push(...names.map((path, at) => ({ path, content: parts[at]?.content ?? '' })))
  }
  if (others.length + 1 !== blocks.length) return undefined
  const { content: code, firstLine, lastLine } = page
  return { code, others, extracted: { firstLine, lastLine } }
}

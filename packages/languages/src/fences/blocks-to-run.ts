import { findLanguage, HTML, type LanguageId } from '../catalogue.ts'
import { detectLanguage } from '../detect-language.ts'
import { isOtherProgram } from '../other-languages.ts'
import { parsesAs } from '../parses-as.ts'
import { type FencedBlock, findBlocks, splitLines } from './find-blocks.ts'
import { readInfo } from './info-string.ts'
import { isInsideText } from './is-inside-text.ts'

/** The language that a submission names, if it does. */
type Given = LanguageId | typeof HTML.id | undefined

/** A longer text is not searched: no chat answer is so long, and the time to search it is bounded by this. */
const SEARCHED_CHARACTERS = 64 * 1024
/** An answer in a fence in a fence. */
const MOST_LAYERS = 3

/** No grammar has this character outside of strings and comments. */
const NO_CODE = '\u0001'

/** The lines before the first fence, with LF line ends. */
const textBefore = (text: string, [first]: readonly FencedBlock[]): string =>
  splitLines(text)
    .slice(0, (first?.firstLine ?? 2) - 2)
    .map((line) => `${line}\n`)
    .join('')

/**
 * Whether a text with these blocks is a program as it stands: its fences are in strings or comments.
 *
 * For the parser the marks of the fences are replaced by characters that no grammar takes, because three backticks are
 * JavaScript: an empty template, called with the template that follows.
 */
const isProgram = (
  text: string,
  blocks: readonly FencedBlock[],
  { given, language = given }: { readonly given: LanguageId | undefined; readonly language?: LanguageId | undefined },
): boolean => {
  const lines = splitLines(text)
  const [first] = blocks
  if (first === undefined) return true
  const before = textBefore(text, blocks).length
  const column = lines[first.firstLine - 2]?.indexOf(first.fence) ?? 0
  const whole = lines.join('\n')
  const isInside = (lexis: LanguageId | undefined): boolean => isInsideText(whole, before + column, lexis)
  if (isInside(language)) return true
  // What is detected may be the language of the block alone. Shell scripts are the hardest to detect.
  if (given === undefined && (isInside(undefined) || (language === undefined && isInside('bash')))) return true
  // JSX would take an answer in tags for an element, with the fences as its text.
  if (language === undefined || /^\s*</.test(text)) return false
  for (const { firstLine, fence } of blocks) {
    lines[firstLine - 2] = lines[firstLine - 2]?.replace(fence, NO_CODE.repeat(fence.length)) ?? ''
  }
  return parsesAs(language, lines.join('\n')) === true
}

const isBareFence = (line: string, fence: string): boolean => {
  const trimmed = line.trim()
  return trimmed.length >= fence.length && trimmed === (fence[0] ?? '').repeat(trimmed.length)
}

const shift = (block: FencedBlock, lines: number): FencedBlock => ({
  ...block,
  firstLine: block.firstLine + lines,
  lastLine: block.lastLine + lines,
})

/** So many fences in strings are passed to find the end of a block. */
const MOST_INNER_FENCES = 16

/** Where the program that begins at this line ends: the index of the first fence that is in none of its strings. */
const findEnd = (lines: readonly string[], fence: string, language: LanguageId): number | undefined => {
  const text = lines.join('\n')
  let position = 0
  let passed = 0
  for (const [index, line] of lines.entries()) {
    if (isBareFence(line, fence)) {
      if (!isInsideText(text, position, language)) return index
      passed += 1
      if (passed === MOST_INNER_FENCES) return undefined
    }
    position += line.length + 1
  }
  return undefined
}

/**
 * The blocks, where the first is a program with fences in its strings. Models write such a program in a fence that is not longer
 * than those inside it, so Markdown ends it at the first of them.
 */
const rejoin = (
  text: string,
  [first]: readonly FencedBlock[],
  given: LanguageId | undefined,
): readonly FencedBlock[] | undefined => {
  if (first === undefined) return undefined
  const kind = readInfo(first.info)
  const language = given ?? (kind.type === 'program' ? kind.language : undefined)
  const lines = splitLines(text)
  // In a list or a quotation, lines have more before them than the program.
  if (language === undefined || lines[first.firstLine - 2]?.startsWith(first.fence) !== true) return undefined
  const program = lines.slice(first.firstLine - 1)
  const end = findEnd(program, first.fence, language)
  if (end === undefined || first.firstLine - 1 + end <= first.lastLine) return undefined
  const content = `${program.slice(0, end).join('\n')}\n`
  if (parsesAs(language, content) === false) return undefined
  const after = findBlocks(program.slice(end + 1).join('\n')).map((block) => shift(block, first.firstLine + end))
  return [{ ...first, content, lastLine: first.firstLine - 1 + end }, ...after]
}

/** If the only block is Markdown with blocks in it, those: models put a whole answer into a fence. */
const unwrap = (blocks: readonly FencedBlock[], given: Given, layers: number): readonly FencedBlock[] => {
  const [only] = blocks
  if (only === undefined || blocks.length > 1 || layers === MOST_LAYERS) return blocks
  const { type } = readInfo(only.info)
  if (type !== 'markdown' && type !== 'nothing') return blocks
  const inner = findInLayer(only.content, given, layers + 1).map((block) => shift(block, only.firstLine - 1))
  return inner.length === 0 ? blocks : inner
}

/** The text without its blocks and their fences. */
const withoutBlocks = (text: string, blocks: readonly FencedBlock[]): string => {
  const lines = splitLines(text)
  for (const { firstLine, lastLine, fence } of blocks.toReversed()) {
    const isClosed = isBareFence(lines[lastLine] ?? '', fence)
    lines.splice(firstLine - 2, lastLine - firstLine + (isClosed ? 3 : 2))
  }
  return lines.join('\n')
}

/** A document, where code is text to show. Chat answers also start with tags, such as `<p>` or `<thinking>`. */
const DOCUMENT = /^\s*<(?:\?xml|!doctype|(?:html|head|body|title|meta|link|style|script|template|svg)[\s>/])/i

/** What opens a comment or a text in Ruby and Perl, Lisp, Julia, PowerShell and PHP, without a bracket. */
const OPENING = /^(?:=[a-z]+|#\||#=|<#|__(?:END|DATA)__)|<<<[ \t]*["']?[A-Za-z_]/m

/** Whether something in this text may be open at its end: `[[` in Lua, `{-` in Haskell, `(*` in OCaml. Intervals are `[0, 1)`. */
const isOpen = (text: string): boolean => {
  let depth = 0
  for (const [bracket] of text.matchAll(/[()[\]{}]/g))
    depth = '([{'.includes(bracket) ? depth + 1 : Math.max(0, depth - 1)
  return depth > 0 || OPENING.test(text)
}

const findInLayer = (text: string, given: Given, layers: number): readonly FencedBlock[] => {
  const blocks = findBlocks(text)
  if (blocks.length === 0) return []
  if (given === HTML.id) return DOCUMENT.test(text) ? [] : unwrap(blocks, given, layers)
  const detected = given ?? detectLanguage({ content: text })
  const isAnswer = blocks.some(({ info }) => /^(?:program|html)$/.test(readInfo(info).type))
  if (given === undefined && (DOCUMENT.test(text) || (detected === 'html' && !isAnswer))) return []
  // What is detected in prose with code may be any language: only one that runs here can be the whole text's.
  const language = detected === undefined ? undefined : findLanguage(detected)?.id
  if (isProgram(text, blocks, { given, language })) return []
  const joined = rejoin(text, blocks, given)
  // In a program of another language, such as Lua, the blocks are in strings or comments that we do not know. One line of such a
  // language in prose, or a formula, opens nothing.
  const isOtherText = (): boolean =>
    isOpen(textBefore(text, blocks)) &&
    isOtherProgram(detectLanguage({ content: withoutBlocks(text, joined ?? blocks) }))
  if (language === undefined && isOtherText()) return []
  return joined ?? unwrap(blocks, given, layers)
}

/**
 * The fenced blocks of a chat answer: what may be run in place of the text. Empty if there is none, if the text is a program as
 * it stands in the language that is given or detected, if it is a page, and if it is longer than 64 Ki characters.
 */
export const findBlocksToRun = (text: string, given: Given): readonly FencedBlock[] => {
  if (text.length > SEARCHED_CHARACTERS || !/```|~~~/.test(text)) return []
  return findInLayer(text, given, 0)
}

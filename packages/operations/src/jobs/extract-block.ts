import { type Extracted, RequestError } from '@runnel/contract/public'
import { HTML, type JobLanguage, LANGUAGES } from '@runnel/languages'
import { type FencedBlock, findBlocksToRun, isSession, readInfo } from '@runnel/languages/detection'
import { guessLanguage, listLanguages } from './choose-language.ts'
import { joinPage, type PagePart } from './join-page.ts'

/** The code of a chat answer, without the fences and the words around it. */
export interface ExtractedBlock {
  readonly code: string
  /** What a page in several blocks consists of besides: its styles and scripts. */
  readonly others: readonly PagePart[]
  /** Of the fence, or the given one, or by the content. */
  readonly language: JobLanguage
  readonly extracted: Extracted
}

/** So many blocks are named when there is more than one. */
const NAMED_BLOCKS = 8

const nameLines = ({ firstLine, lastLine }: FencedBlock): string =>
  firstLine === lastLine ? `line ${firstLine}` : `lines ${firstLine} to ${lastLine}`

const nameOf = (id: JobLanguage['id']): string =>
  [...LANGUAGES, HTML].find((language) => language.id === id)?.name ?? id

const refuseSeveral = (blocks: readonly FencedBlock[]): RequestError => {
  const named = blocks.slice(0, NAMED_BLOCKS).map((block) => {
    const kind = readInfo(block.info)
    const [word = ''] = block.info.split(/\s/, 1)
    const name = kind.type === 'program' ? nameOf(kind.language) : kind.type === 'other' ? kind.name : word
    return `${name === '' ? 'no language' : name.slice(0, 32)} (${nameLines(block)})`
  })
  const rest = blocks.length > NAMED_BLOCKS ? ` and ${blocks.length - NAMED_BLOCKS} more` : ''
  return new RequestError(
    'invalid-request',
    `Cannot choose between ${blocks.length} code blocks: ${named.join(', ')}${rest}. Send one of them alone`,
    { details: [{ path: 'code', message: 'it has several code blocks' }] },
  )
}

const SESSION = 'what a terminal shows: send its commands alone, without prompts and output'

const refuseBlock = (block: FencedBlock, what: string, languages: readonly JobLanguage[]): RequestError =>
  new RequestError(
    'unknown-language',
    `Cannot run ${nameLines(block)}. The block is ${what}. The languages here are ${listLanguages(languages)}`,
  )

const refuseOther = (block: FencedBlock, what: string, named: JobLanguage): RequestError =>
  new RequestError('invalid-request', `Cannot run ${nameLines(block)} as ${named.id}. Its fence says ${what}`, {
    details: [{ path: 'language', message: 'the code block is of another language' }],
  })

const describeUnclear = (block: FencedBlock): string => {
  const word = JSON.stringify(block.info.slice(0, 32))
  const send = block.info === '' ? 'send' : `its fence says ${word}, which names no language. Send`
  return `Cannot tell the language of ${nameLines(block)}: ${send} \`language\`, or write it after the opening fence.`
}

/** JavaScript is TypeScript too. Every other pair is a contradiction, and one of the two would only give a syntax error. */
const runsAs = (block: JobLanguage['id'], named: JobLanguage['id']): boolean =>
  block === named || (block === 'javascript' && named === 'typescript')

/** The language that the block's fence names; undefined if it names none. Throws if it is not the given one, or does not run here. */
const readLanguage = (
  block: FencedBlock,
  named: JobLanguage | undefined,
  languages: readonly JobLanguage[],
): JobLanguage | undefined => {
  const kind = readInfo(block.info)
  switch (kind.type) {
    case 'nothing':
      return named
    case 'session':
      throw refuseBlock(block, SESSION, languages)
    case 'html':
    case 'program': {
      const id = kind.type === 'html' ? HTML.id : kind.language
      if (named !== undefined) {
        if (runsAs(id, named.id)) return named
        const send = `Send \`"language": "${id}"\`, or leave \`language\` out`
        throw refuseOther(block, `${nameOf(id)}. ${send}`, named)
      }
      const language = languages.find((one) => one.id === id)
      if (language !== undefined) return language
      throw refuseBlock(block, `${nameOf(id)}, which this deployment does not run`, languages)
    }
    default: {
      const what = `${kind.type === 'markdown' ? 'Markdown' : kind.name}, which this deployment does not run`
      if (named === undefined) throw refuseBlock(block, what, languages)
      throw refuseOther(block, `${what}. If it is ${named.id}, send the code without its fence`, named)
    }
  }
}

/** `$ ` and `>>> ` are no code in these. In JavaScript `$` is a name. */
const hasPrompts = ({ id }: JobLanguage, code: string): boolean => (id === 'python' || id === 'bash') && isSession(code)

/**
 * The only code block of a chat answer, or its page with styles and scripts in blocks of their own. Undefined if there is none, or if the text is a program as it stands: it is then run
 * whole. Throws if there are several blocks, or if the block cannot run.
 */
export const extractBlock = (
  text: string,
  named: JobLanguage | undefined,
  languages: readonly JobLanguage[],
): ExtractedBlock | undefined => {
  const blocks = findBlocksToRun(text, named?.id)
  const [block] = blocks
  if (block === undefined) return undefined
  if (blocks.length > 1) {
    const site = languages.includes(HTML) && (named === undefined || named === HTML) ? joinPage(blocks) : undefined
    if (site === undefined) throw refuseSeveral(blocks)
    return { ...site, language: HTML }
  }
  const { content: code, firstLine, lastLine } = block
  const language =
    readLanguage(block, named, languages) ?? guessLanguage({ content: code }, languages, describeUnclear(block))
  if (hasPrompts(language, code)) throw refuseBlock(block, SESSION, languages)
  return { code, others: [], language, extracted: { firstLine, lastLine } }
}

import {
  type Extracted,
  type File,
  fileBytes,
  PROGRAM,
  type Program,
  RequestError,
  type Submission,
  TERMINAL,
  utf8Length,
} from '@runnel/contract/public'
import type { Language } from '@runnel/languages'
import { chooseFileName } from '@runnel/languages/detection'
import { guessLanguage, guessLanguageOfCode, nameLanguage } from './choose-language.ts'
import { extractBlock } from './extract-block.ts'
import { toUnixText } from './to-unix-text.ts'

/** The entry of several files when the submission names none: the one file with a language's entry name. */
const findEntry = (files: readonly File[], languages: readonly Language[]): File => {
  const names = languages.map(({ fileName }) => fileName)
  const candidates = files.filter(({ path }) => names.includes(path))
  const [entry] = candidates
  if (entry !== undefined && candidates.length === 1) return entry
  const found = candidates.length === 0 ? 'none of them is' : 'more than one of them is'
  const wanted = names.length === 1 ? names.join() : `one of ${names.join(', ')}`
  throw new RequestError(
    'invalid-request',
    `Cannot tell which file to run: send \`entry\`, as there are several files and ${found} ${wanted}`,
    { details: [{ path: 'entry', message: 'it is missing' }] },
  )
}

const chooseEntry = (files: readonly File[], entry: string | undefined, languages: readonly Language[]): File => {
  if (files.length === 0) {
    throw new RequestError(
      'invalid-request',
      'Nothing to run: all files are uploaded ones; send the file that is run with its `content`',
    )
  }
  const named = files.length === 1 ? files[0] : files.find(({ path }) => path === entry)
  const chosen = named ?? findEntry(files, languages)
  if (fileBytes(chosen) > 0) return chosen
  throw new RequestError('invalid-request', `Nothing to run: ${JSON.stringify(chosen.path)} is empty`)
}

const requireSize = (bytes: number): void => {
  if (bytes <= PROGRAM.sourceBytes) return
  throw new RequestError(
    'payload-too-large',
    `Cannot take ${bytes} bytes of source: the files of a program may have ${PROGRAM.sourceBytes} bytes together`,
  )
}

/** What the program finds around it. A terminal is for a person, so its input stays open unless the submission says otherwise. */
const toSurroundings = ({ args, env, stdin, tty, cols, rows, interactive = tty }: Submission) => ({
  args,
  env,
  stdin,
  interactive,
  ...(tty ? { terminal: { cols: cols ?? TERMINAL.cols, rows: rows ?? TERMINAL.rows } } : {}),
})

export interface ResolvedProgram {
  readonly program: Program
  /** The lines of `code` that are run, if it was a chat answer. */
  readonly extracted?: Extracted
}

/** `code` as a program of one file. A chat answer is the code block in it. */
const resolveCode = (
  text: string,
  named: Language | undefined,
  languages: readonly Language[],
): Pick<Program, 'language' | 'files' | 'entry'> & Pick<ResolvedProgram, 'extracted'> => {
  const block = extractBlock(text, named, languages)
  const content = block?.code ?? text
  const language = block?.language ?? named ?? guessLanguageOfCode(text, languages)
  const entry = chooseFileName(language, content)
  const files = toUnixText([{ path: entry, content, encoding: 'utf8' }], entry, language)
  return { language: language.id, files, entry, ...(block === undefined ? {} : { extracted: block.extracted }) }
}

/** Chooses language and entry if the submission leaves them open, so that the worker has nothing to choose. */
export const resolveProgram = (submission: Submission, languages: readonly Language[]): ResolvedProgram => {
  const { code, entry } = submission
  const named = submission.language === undefined ? undefined : nameLanguage(submission.language, languages)
  const rest = toSurroundings(submission)
  if (code !== undefined) {
    requireSize(utf8Length(code))
    const { extracted, ...program } = resolveCode(code, named, languages)
    return { program: { ...program, ...rest }, ...(extracted === undefined ? {} : { extracted }) }
  }
  const files = (submission.files ?? []).flatMap(({ path, content, encoding }) =>
    content === undefined ? [] : [{ path, content, encoding }],
  )
  requireSize(files.reduce((sum, file) => sum + fileBytes(file), 0))
  const chosen = chooseEntry(files, entry, named === undefined ? languages : [named])
  const content = Buffer.from(chosen.content, chosen.encoding).toString('utf8')
  const language = named ?? guessLanguage({ content, entry: chosen.path }, languages)
  return {
    program: { language: language.id, files: toUnixText(files, chosen.path, language), entry: chosen.path, ...rest },
  }
}

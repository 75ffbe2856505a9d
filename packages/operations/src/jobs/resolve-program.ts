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
import { HTML, isOfPrograms, type JobLanguage } from '@runnel/languages'
import { chooseFileName } from '@runnel/languages/detection'
import { guessLanguage, guessLanguageOfCode, nameLanguage } from './choose-language.ts'
import { extractBlock } from './extract-block.ts'
import { toUnixText } from './to-unix-text.ts'

/** The entry of several files when the submission names none: the one file with a language's entry name. */
const findEntry = (files: readonly File[], languages: readonly JobLanguage[]): File => {
  const names = languages.map(({ fileName }) => fileName)
  const named = files.filter(({ path }) => names.includes(path))
  const page = named.find(({ path }) => path === HTML.fileName)
  // A script that the page loads is a part of it.
  const candidates = named.filter((file) => file === page || page?.content.includes(file.path) !== true)
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

const chooseEntry = (files: readonly File[], entry: string | undefined, languages: readonly JobLanguage[]): File => {
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

/** Pages have none of it. */
const NO_SURROUNDINGS = { args: [], env: {}, stdin: '', interactive: false }

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
  named: JobLanguage | undefined,
  languages: readonly JobLanguage[],
): Pick<Program, 'language' | 'files' | 'entry'> & Pick<ResolvedProgram, 'extracted'> => {
  const block = extractBlock(text, named, languages)
  const content = block?.code ?? text
  const language = block?.language ?? named ?? guessLanguageOfCode(text, languages)
  const entry = isOfPrograms(language) ? chooseFileName(language, content) : language.fileName
  const parts = [{ path: entry, content }, ...(block?.others ?? [])].map((part) => ({
    ...part,
    encoding: 'utf8' as const,
  }))
  const files = isOfPrograms(language) ? toUnixText(parts, entry, language) : parts
  return { language: language.id, files, entry, ...(block === undefined ? {} : { extracted: block.extracted }) }
}

/** Chooses language and entry if the submission leaves them open, so that the worker has nothing to choose. */
export const resolveProgram = (submission: Submission, languages: readonly JobLanguage[]): ResolvedProgram => {
  const { code, entry } = submission
  const named = submission.language === undefined ? undefined : nameLanguage(submission.language, languages)
  const around = (language: string) => (language === HTML.id ? NO_SURROUNDINGS : toSurroundings(submission))
  if (code !== undefined) {
    requireSize(utf8Length(code))
    const { extracted, ...program } = resolveCode(code, named, languages)
    return { program: { ...program, ...around(program.language) }, ...(extracted === undefined ? {} : { extracted }) }
  }
  const files = (submission.files ?? []).flatMap(({ path, content, encoding }) =>
    content === undefined ? [] : [{ path, content, encoding }],
  )
  requireSize(files.reduce((sum, file) => sum + fileBytes(file), 0))
  const chosen = chooseEntry(files, entry, named === undefined ? languages : [named])
  const content = Buffer.from(chosen.content, chosen.encoding).toString('utf8')
  const language = named ?? guessLanguage({ content, entry: chosen.path }, languages)
  const laidOut = isOfPrograms(language) ? toUnixText(files, chosen.path, language) : files
  return {
    program: { language: language.id, files: laidOut, entry: chosen.path, ...around(language.id) },
  }
}

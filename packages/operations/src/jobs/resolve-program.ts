import { type File, fileBytes, PROGRAM, type Program, RequestError, type Submission } from '@runnel/contract/public'
import { detectLanguage, findLanguage, type Language } from '@runnel/languages'
import { toUnixText } from './to-unix-text.ts'

const toList = (languages: readonly Language[]): string =>
  languages.map(({ id, aliases }) => (aliases[0] === undefined ? id : `${id} (${aliases.join(', ')})`)).join(', ')

const refuseLanguage = (what: string, languages: readonly Language[]): RequestError =>
  new RequestError('unknown-language', `${what} The languages here are ${toList(languages)}`)

const nameLanguage = (name: string, languages: readonly Language[]): Language => {
  const language = findLanguage(name)
  if (language !== undefined && languages.includes(language)) return language
  const html = /^html?$/i.test(name) ? ', which is a page to show, not a program to run' : ''
  throw refuseLanguage(`Cannot run the language ${JSON.stringify(name)}${html}.`, languages)
}

const guessLanguage = (file: File, isNamed: boolean, languages: readonly Language[]): Language => {
  const content = Buffer.from(file.content, file.encoding).toString('utf8')
  const detected = detectLanguage(isNamed ? { content, entry: file.path } : { content })
  if (detected === undefined) {
    throw refuseLanguage('Cannot tell the language of this program: send `language`.', languages)
  }
  if (detected === 'html') {
    throw refuseLanguage(
      'Cannot run HTML, which this looks like: it is a page to show, not a program to run. If it is a program, send `language`.',
      languages,
    )
  }
  const language = languages.find(({ id }) => id === detected)
  if (language !== undefined) return language
  throw refuseLanguage(`Cannot run ${detected}, which this looks like. If it is not, send \`language\`.`, languages)
}

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

/** Chooses language and entry if the submission leaves them open, so that the worker has nothing to choose. */
export const resolveProgram = (submission: Submission, languages: readonly Language[]): Program => {
  const { code, entry, args, env, stdin, interactive } = submission
  const named = submission.language === undefined ? undefined : nameLanguage(submission.language, languages)
  const rest = { args, env, stdin, interactive }
  if (code !== undefined) {
    const file: File = { path: '', content: code, encoding: 'utf8' }
    requireSize(fileBytes(file))
    const language = named ?? guessLanguage(file, false, languages)
    const { id, fileName } = language
    return {
      language: id,
      files: toUnixText([{ ...file, path: fileName }], fileName, language),
      entry: fileName,
      ...rest,
    }
  }
  const files = submission.files ?? []
  requireSize(files.reduce((sum, file) => sum + fileBytes(file), 0))
  const chosen = chooseEntry(files, entry, named === undefined ? languages : [named])
  const language = named ?? guessLanguage(chosen, true, languages)
  return { language: language.id, files: toUnixText(files, chosen.path, language), entry: chosen.path, ...rest }
}

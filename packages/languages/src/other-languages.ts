import { LANGUAGES, type LanguageId } from './catalogue.ts'

/** Languages that the classifier knows and we do not run, by their names. */
const PROGRAMS = {
  java: 'Java',
  c: 'C',
  cpp: 'C++',
  csharp: 'C#',
  objectivec: 'Objective-C',
  go: 'Go',
  rust: 'Rust',
  swift: 'Swift',
  kotlin: 'Kotlin',
  dart: 'Dart',
  scala: 'Scala',
  groovy: 'Groovy',
  lua: 'Lua',
  r: 'R',
  julia: 'Julia',
  matlab: 'MATLAB',
  fortran: 'Fortran',
  ruby: 'Ruby',
  php: 'PHP',
  perl: 'Perl',
  elixir: 'Elixir',
  erlang: 'Erlang',
  haskell: 'Haskell',
  ocaml: 'OCaml',
  fsharp: 'F#',
  clojure: 'Clojure',
  lisp: 'Lisp',
  pascal: 'Pascal',
  vb: 'Visual Basic',
  assembly: 'assembly language',
  sql: 'SQL',
  powershell: 'PowerShell',
  batch: 'a batch file for Windows',
  tex: 'TeX',
  dockerfile: 'a Dockerfile',
  makefile: 'a makefile',
} as const

/** What it knows besides: no program can be in it. HTML may be a site. */
const NO_PROGRAMS = {
  html: 'HTML',
  css: 'CSS',
  json: 'JSON',
  yaml: 'YAML',
  ini: 'an INI or .env file',
  toml: 'TOML',
  csv: 'CSV',
  xml: 'XML',
  diff: 'a diff',
  log: 'a log or an error message',
  session: 'what a terminal shows, with prompts and output',
  prose: 'text rather than code',
} as const

type NoProgram = keyof typeof NO_PROGRAMS
export type OtherLanguage = keyof typeof PROGRAMS | NoProgram

const isNoProgram = (language: string): language is NoProgram => Object.hasOwn(NO_PROGRAMS, language)

/** Whether it is a language of programs, and none that we run. */
export const isOtherProgram = (language: string | undefined): boolean =>
  language !== undefined && Object.hasOwn(PROGRAMS, language)

/** The classifier also knows `other`: a language that it cannot name. */
export const isOtherLanguage = (language: string): language is OtherLanguage =>
  Object.hasOwn(PROGRAMS, language) || isNoProgram(language)

const names = new Map<string, string>([
  ...Object.entries({ ...PROGRAMS, ...NO_PROGRAMS }),
  ...LANGUAGES.map(({ id, name }) => [id, name] as const),
])

/** The name that people know, for a sentence: "This looks like Java", "The block is a diff". */
export const nameOf = (language: LanguageId | OtherLanguage): string => names.get(language) ?? language

/** Why a detected language does not run, in a sentence. It may be one of the catalogue that is not enabled. */
export const describeNotRun = (language: LanguageId | OtherLanguage): string => {
  const isNothing = isNoProgram(language) && language !== 'html'
  return `This looks like ${nameOf(language)}, which ${isNothing ? 'is not a program' : 'this deployment does not run'}.`
}

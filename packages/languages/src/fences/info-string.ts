import { findLanguage, type LanguageId } from '../catalogue.ts'
import { isOtherLanguage, nameOf, type OtherLanguage } from '../other-languages.ts'

/**
 * What the info string of a fence says about the language of its block.
 *
 *   nothing   no language that we know: no word, a word for text of any kind, or any other word
 *   program   a language of the catalogue
 *   markdown  the block is itself Markdown
 *   html      pages
 *   session   what a terminal shows: prompts, commands and their output
 *   other     another language that we know, by the name that people know
 */
export type BlockKind =
  | { readonly type: 'nothing' }
  | { readonly type: 'markdown' }
  | { readonly type: 'html' }
  | { readonly type: 'session' }
  | { readonly type: 'program'; readonly language: LanguageId }
  | { readonly type: 'other'; readonly name: string }

const words = (list: string): ReadonlySet<string> => new Set(list.split(' '))

/** The key of the list that each word is in. */
const toWords = (lists: Readonly<Record<string, string>>): ReadonlyMap<string, string> =>
  new Map(Object.entries(lists).flatMap(([key, list]) => list.split(' ').map((word) => [word, key] as const)))

/** How models and editors spell our languages, besides the names in the catalogue. */
const SPELLINGS = toWords({
  python: 'ipython ipython3 jupyter python2 py2',
  javascript: 'ecmascript es6 javascriptreact',
  typescript: 'typescriptreact deno',
  bash: 'zsh ksh dash',
} satisfies Record<LanguageId, string>)

const MARKDOWN = words('markdown md mdx')
const HTML = words('html htm xhtml')
const SESSION = words(
  'console session shell-session shellsession sh-session bash-session terminal cmdline pycon python-repl python-console pytb',
)

/** Words of text, though the classifier has such languages. */
const ANY_TEXT = words('log prose')

/** How models and editors spell the languages of the classifier, besides their ids. */
const OTHER_SPELLINGS = toWords({
  assembly: 'asm nasm x86asm',
  batch: 'bat cmd dosbatch',
  c: 'h',
  clojure: 'clj',
  cpp: 'c++ cc cxx hpp',
  csharp: 'cs c#',
  css: 'less scss sass',
  csv: 'tsv',
  diff: 'patch',
  dockerfile: 'docker',
  elixir: 'ex exs',
  erlang: 'erl',
  fortran: 'f90',
  fsharp: 'fs f#',
  go: 'golang',
  haskell: 'hs',
  ini: 'env dotenv properties',
  json: 'json5 jsonc jsonl',
  julia: 'jl',
  kotlin: 'kt kts',
  lisp: 'commonlisp common-lisp elisp racket scheme scm',
  makefile: 'make',
  matlab: 'octave',
  objectivec: 'objc objective-c',
  ocaml: 'ml',
  pascal: 'delphi',
  perl: 'pl',
  powershell: 'ps1 pwsh',
  ruby: 'rb',
  rust: 'rs',
  sql: 'mysql postgresql psql sqlite plsql tsql',
  tex: 'latex',
  vb: 'vbnet vba',
  xml: 'svg xsd xsl',
  yaml: 'yml',
} satisfies Partial<Record<OtherLanguage, string>>)

/** Languages that the classifier does not know. */
const MORE_NAMES = toWords({
  'a shader': 'glsl hlsl wgsl',
  Ada: 'ada',
  AppleScript: 'applescript',
  Brainfuck: 'brainfuck bf',
  COBOL: 'cobol',
  CoffeeScript: 'coffeescript coffee',
  Crystal: 'crystal',
  CUDA: 'cuda cu',
  D: 'd',
  Elm: 'elm',
  GDScript: 'gdscript gd',
  GraphQL: 'graphql gql',
  Mermaid: 'mermaid',
  nginx: 'nginx',
  Nim: 'nim',
  Prolog: 'prolog',
  'Protocol Buffers': 'protobuf proto',
  Solidity: 'solidity sol',
  Svelte: 'svelte',
  Tcl: 'tcl',
  Terraform: 'terraform tf hcl',
  'Verilog or VHDL': 'verilog systemverilog vhdl',
  'Vim script': 'vim vimscript viml',
  Vue: 'vue',
  WebAssembly: 'wasm wat',
  Zig: 'zig',
})

/**
 * The first word, as models write it: `Python 3`, `js title="x"`, `python:main.py`, `{.python .numberLines}`, `{python}`,
 * `rust,ignore`, `language-js`.
 */
const readWord = (info: string): string => {
  const word = /^[{\s]*\.?([^\s,:;{}()[\]]*)/.exec(info)?.[1] ?? ''
  return /=|^[\d#]/.test(word) ? '' : word.toLowerCase().replace(/^lang(?:uage)?-/, '')
}

const readLanguageWord = (word: string): BlockKind | undefined => {
  if (MARKDOWN.has(word)) return { type: 'markdown' }
  if (HTML.has(word)) return { type: 'html' }
  if (SESSION.has(word)) return { type: 'session' }
  // `python3.12` is Python 3 as well.
  const language = findLanguage(SPELLINGS.get(word) ?? word.replace(/\.\d+$/, ''))
  if (language !== undefined) return { type: 'program', language: language.id }
  const other = OTHER_SPELLINGS.get(word) ?? word
  const name = isOtherLanguage(other) && !ANY_TEXT.has(other) ? nameOf(other) : MORE_NAMES.get(word)
  return name === undefined ? undefined : { type: 'other', name }
}

export const readInfo = (info: string): BlockKind => {
  const word = readWord(info)
  // Models also write the name of a file there.
  const [extension = ''] = /[^.]*$/.exec(word) ?? []
  return readLanguageWord(word) ?? readLanguageWord(extension) ?? { type: 'nothing' }
}

import { findLanguage, type LanguageId } from '../catalogue.ts'
import { detectLanguage } from '../detect-language.ts'

/**
 * What the info string of a fence says about the language of its block.
 *
 *   nothing   no language, or a word for text of any kind
 *   program   a language of the catalogue
 *   markdown  the block is itself Markdown
 *   session   what a terminal shows: prompts, commands and their output
 *   other     everything else, by the name that people know
 */
export type BlockKind =
  | { readonly type: 'nothing' }
  | { readonly type: 'markdown' }
  | { readonly type: 'html' }
  | { readonly type: 'session' }
  | { readonly type: 'program'; readonly language: LanguageId }
  | { readonly type: 'other'; readonly name: string }

const words = (list: string): ReadonlySet<string> => new Set(list.split(' '))

const ANY_TEXT = words('text txt plaintext plain code none output out stdout result log copy tool_code program script')
const MARKDOWN = words('markdown md mdx')
const HTML = words('html htm xhtml')
const SESSION = words(
  'console shell-session shellsession sh-session bash-session terminal cmdline pycon python-repl python-console pytb',
)

/** Names of languages that no fence spells as people do. Any other word is shown as it is written. */
const NAMES = new Map(
  Object.entries({
    Ada: 'ada',
    Assembly: 'asm assembly nasm x86asm',
    'a batch file': 'bat batch cmd dosbatch',
    C: 'c h',
    'C++': 'cpp c++ cc cxx hpp',
    'C#': 'cs csharp c#',
    Clojure: 'clojure clj',
    CSS: 'css',
    CSV: 'csv',
    Dart: 'dart',
    'a diff': 'diff patch',
    'a Dockerfile': 'dockerfile docker',
    Elixir: 'elixir ex exs',
    Erlang: 'erlang erl',
    'F#': 'fsharp fs f#',
    Fortran: 'fortran f90',
    Go: 'go golang',
    GraphQL: 'graphql gql',
    Groovy: 'groovy',
    Haskell: 'haskell hs',
    INI: 'ini',
    Java: 'java',
    JSON: 'json json5 jsonc jsonl',
    JSX: 'jsx',
    Julia: 'julia jl',
    Kotlin: 'kotlin kt kts',
    LaTeX: 'latex tex',
    Lua: 'lua',
    'a makefile': 'makefile make',
    MATLAB: 'matlab octave',
    Mermaid: 'mermaid',
    'Objective-C': 'objc objective-c objectivec',
    OCaml: 'ocaml ml',
    Pascal: 'pascal delphi',
    Perl: 'perl pl',
    PHP: 'php',
    PowerShell: 'powershell ps1 pwsh',
    Prolog: 'prolog',
    R: 'r',
    Ruby: 'ruby rb',
    Rust: 'rust rs',
    Scala: 'scala',
    SCSS: 'scss sass',
    SQL: 'sql mysql postgresql psql sqlite plsql tsql',
    SVG: 'svg',
    Swift: 'swift',
    TOML: 'toml',
    TSX: 'tsx',
    'Visual Basic': 'vb vbnet vba',
    XML: 'xml',
    YAML: 'yaml yml',
    Zig: 'zig',
    'Z shell': 'zsh',
  }).flatMap(([name, list]) => list.split(' ').map((word) => [word, name] as const)),
)

/**
 * The first word, as models write it: `Python 3`, `js title="x"`, `python:main.py`, `{.python .numberLines}`, `{python}`,
 * `rust,ignore`, `language-js`.
 */
const readWord = (info: string): string => {
  const word = /^[{\s]*\.?([^\s,:;{}()[\]]*)/.exec(info)?.[1] ?? ''
  return /=|^[\d#]/.test(word) ? '' : word.toLowerCase().replace(/^lang(?:uage)?-/, '')
}

export const readInfo = (info: string): BlockKind => {
  const word = readWord(info)
  if (word === '' || ANY_TEXT.has(word)) return { type: 'nothing' }
  if (MARKDOWN.has(word)) return { type: 'markdown' }
  if (HTML.has(word)) return { type: 'html' }
  if (SESSION.has(word)) return { type: 'session' }
  // `python3.12` is Python 3 as well.
  const language = findLanguage(word) ?? findLanguage(word.replace(/\.\d+$/, ''))
  if (language !== undefined) return { type: 'program', language: language.id }
  const name = NAMES.get(word)
  if (name !== undefined) return { type: 'other', name }
  // Models also write the name of a file there.
  const byFile = word.includes('.') ? detectLanguage({ content: '', entry: word }) : undefined
  if (byFile === 'html') return { type: 'html' }
  const ofFile = byFile === undefined ? undefined : findLanguage(byFile)
  return ofFile === undefined ? { type: 'other', name: word } : { type: 'program', language: ofFile.id }
}

import { findLanguage, type LanguageId } from '../catalogue.ts'

/**
 * What the info string of a fence says about the language of its block.
 *
 *   nothing   no language that we know: no word, a word for text of any kind, or any other word
 *   program   a language of the catalogue
 *   markdown  the block is itself Markdown
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

/** How models and editors spell our languages besides the names in the catalogue. */
const SPELLINGS: ReadonlyMap<string, LanguageId> = new Map(
  Object.entries({
    python: 'ipython ipython3 jupyter python2 py2',
    javascript: 'ecmascript es6 javascriptreact',
    typescript: 'typescriptreact deno',
    bash: 'zsh ksh dash',
  } satisfies Partial<Record<LanguageId, string>>).flatMap(([id, list]) =>
    list.split(' ').map((word) => [word, id as LanguageId] as const),
  ),
)

const MARKDOWN = words('markdown md mdx')
const HTML = words('html htm xhtml')
const SESSION = words(
  'console shell-session shellsession sh-session bash-session terminal cmdline pycon python-repl python-console pytb',
)

/** What fences may say that is none of our languages, by the names that people know. */
const NAMES = new Map(
  Object.entries({
    Ada: 'ada',
    AppleScript: 'applescript',
    Assembly: 'asm assembly nasm x86asm',
    'a batch file': 'bat batch cmd dosbatch',
    Brainfuck: 'brainfuck bf',
    C: 'c h',
    'C++': 'cpp c++ cc cxx hpp',
    'C#': 'cs csharp c#',
    Clojure: 'clojure clj',
    COBOL: 'cobol',
    CoffeeScript: 'coffeescript coffee',
    'Common Lisp': 'lisp commonlisp common-lisp elisp',
    Crystal: 'crystal',
    CSS: 'css less',
    CUDA: 'cuda cu',
    CSV: 'csv tsv',
    D: 'd',
    Dart: 'dart',
    'a diff': 'diff patch',
    'a Dockerfile': 'dockerfile docker',
    Elm: 'elm',
    Elixir: 'elixir ex exs',
    Erlang: 'erlang erl',
    'F#': 'fsharp fs f#',
    Fortran: 'fortran f90',
    Go: 'go golang',
    GDScript: 'gdscript gd',
    GLSL: 'glsl hlsl wgsl',
    GraphQL: 'graphql gql',
    Groovy: 'groovy',
    Haskell: 'haskell hs',
    INI: 'ini env dotenv properties',
    Java: 'java',
    JSON: 'json json5 jsonc jsonl',
    Julia: 'julia jl',
    Kotlin: 'kotlin kt kts',
    LaTeX: 'latex tex',
    Lua: 'lua',
    'a makefile': 'makefile make',
    MATLAB: 'matlab octave',
    Mermaid: 'mermaid',
    'Objective-C': 'objc objective-c objectivec',
    OCaml: 'ocaml ml',
    Nim: 'nim',
    nginx: 'nginx',
    Pascal: 'pascal delphi',
    Perl: 'perl pl',
    PHP: 'php',
    PowerShell: 'powershell ps1 pwsh',
    Prolog: 'prolog',
    'Protocol Buffers': 'protobuf proto',
    R: 'r',
    Racket: 'racket scheme scm',
    Ruby: 'ruby rb',
    Rust: 'rust rs',
    Scala: 'scala',
    SCSS: 'scss sass',
    Solidity: 'solidity sol',
    SQL: 'sql mysql postgresql psql sqlite plsql tsql',
    SVG: 'svg',
    Svelte: 'svelte',
    Swift: 'swift',
    Tcl: 'tcl',
    Terraform: 'terraform tf hcl',
    TOML: 'toml',
    'Visual Basic': 'vb vbnet vba',
    Verilog: 'verilog systemverilog vhdl',
    'Vim script': 'vim vimscript viml',
    Vue: 'vue',
    WebAssembly: 'wasm wat',
    XML: 'xml xsd xsl',
    YAML: 'yaml yml',
    Zig: 'zig',
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

const readLanguageWord = (word: string): BlockKind | undefined => {
  if (MARKDOWN.has(word)) return { type: 'markdown' }
  if (HTML.has(word)) return { type: 'html' }
  if (SESSION.has(word)) return { type: 'session' }
  // `python3.12` is Python 3 as well.
  const language = SPELLINGS.get(word) ?? findLanguage(word)?.id ?? findLanguage(word.replace(/\.\d+$/, ''))?.id
  if (language !== undefined) return { type: 'program', language }
  const name = NAMES.get(word)
  return name === undefined ? undefined : { type: 'other', name }
}

export const readInfo = (info: string): BlockKind => {
  const word = readWord(info)
  // Models also write the name of a file there.
  const [extension = ''] = /[^.]*$/.exec(word) ?? []
  return readLanguageWord(word) ?? readLanguageWord(extension) ?? { type: 'nothing' }
}

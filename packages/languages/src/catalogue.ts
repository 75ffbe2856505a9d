/** What every language has, also one that no sandbox runs. */
interface ListedLanguage {
  readonly id: LanguageId | 'html'
  readonly name: string
  /** Other names that a request may use, in lower case. */
  readonly aliases: readonly string[]
  /** What runs it, for users to read. */
  readonly version: string
  /** File extensions that decide the language, with their dot. */
  readonly extensions: readonly string[]
  /** The file name that `code` gets, and the entry of files if none is named. */
  readonly fileName: string
}

/** A language of programs, which sandboxes run. */
export interface Language extends ListedLanguage {
  readonly id: LanguageId
  /** The image of its sandboxes, without the deployment's prefix. */
  readonly image: 'python' | 'javascript'
  /** The argv that runs `entry`, a path in the workspace. The job's own args follow it. */
  readonly command: (entry: string) => readonly string[]
  /** Whether its interpreter takes CRLF for something else than a line end, and a byte order mark for a part of the program. */
  readonly needsUnixText: boolean
  /** Variables on top of the job's own where it is started when the job comes, not ahead. */
  readonly coldEnv: (program: ColdProgram, typescript?: string) => Readonly<Record<string, string>>
  /** How its interpreter is started before the job comes; undefined if it is not. Bash starts in a millisecond: nothing to save. */
  readonly warm: WarmStart | undefined
  /** Bytes. What waits holds so much that a job with a lower limit gets a sandbox that is made for it. 0: no job needs that. */
  readonly minWarmMemoryBytes: number
}

/**
 * How an interpreter is started before its program comes (infra/images has the other half of both).
 * `fork`: process 1 of the sandbox is that interpreter, and programs are forked from it.
 * `barrier`: it is started with these variables on top, and waits in a file they make it load.
 */
type WarmStart = { readonly by: 'fork' } | { readonly by: 'barrier'; readonly env: Readonly<Record<string, string>> }

export type LanguageId = 'python' | 'javascript' | 'typescript' | 'bash'

/** An entry called `-c` is a file, not an option. */
const asOperand = (entry: string): string => (entry.startsWith('-') ? `./${entry}` : entry)

/** What decides how a program is started cold. */
interface ColdProgram {
  readonly files: readonly { readonly path: string }[]
  readonly env: Readonly<Record<string, string>>
}

const noColdEnv = () => ({})

/**
 * Node loads packages/typescript first where a file is TypeScript or JSX; it decides whether Node needs its help.
 * `typescript`: the folder where it is.
 */
const toNodeColdEnv: Language['coldEnv'] = ({ files, env }, typescript = '/opt/runnel/typescript/src') =>
  files.some(({ path }) => /\.(?:[cm]?ts|[jt]sx)$/.test(path))
    ? { NODE_OPTIONS: `--require=${typescript}/start.cjs ${env['NODE_OPTIONS'] ?? ''}`.trim() }
    : {}

const NODE_START_BARRIER: WarmStart = {
  by: 'barrier',
  env: { NODE_OPTIONS: '--require=/opt/runnel/start-barrier.cjs' },
}

/** Those of programs. */
export const LANGUAGES: readonly Language[] = [
  {
    id: 'python',
    name: 'Python',
    aliases: ['py', 'python3', 'py3'],
    version: 'Python 3.13',
    extensions: ['.py', '.pyw'],
    image: 'python',
    fileName: 'main.py',
    // -u: output is seen when the program prints it, not when a buffer is full.
    command: (entry) => ['python3', '-u', asOperand(entry)],
    needsUnixText: false,
    coldEnv: noColdEnv,
    warm: { by: 'fork' },
    minWarmMemoryBytes: 0,
  },
  {
    id: 'javascript',
    name: 'JavaScript',
    aliases: ['js', 'node', 'nodejs', 'mjs', 'cjs', 'jsx'],
    version: 'Node 24',
    extensions: ['.js', '.mjs', '.cjs', '.jsx'],
    image: 'javascript',
    fileName: 'main.js',
    command: (entry) => ['node', asOperand(entry)],
    needsUnixText: false,
    coldEnv: toNodeColdEnv,
    warm: NODE_START_BARRIER,
    minWarmMemoryBytes: 0,
  },
  {
    id: 'typescript',
    name: 'TypeScript',
    aliases: ['ts', 'mts', 'cts', 'tsx'],
    version: 'Node 24, which removes the types and checks none',
    extensions: ['.ts', '.mts', '.cts', '.tsx'],
    image: 'javascript',
    fileName: 'main.ts',
    command: (entry) => ['node', asOperand(entry)],
    needsUnixText: false,
    coldEnv: toNodeColdEnv,
    warm: NODE_START_BARRIER,
    // With the compiler it holds 33 MiB (2026-11-29). Below this, start-barrier.cjs loads none ahead.
    minWarmMemoryBytes: 64 * 1024 * 1024,
  },
  {
    id: 'bash',
    name: 'Bash',
    aliases: ['sh', 'shell', 'shellscript'],
    version: 'Bash 5.2',
    extensions: ['.sh', '.bash'],
    image: 'python',
    fileName: 'main.sh',
    command: (entry) => ['bash', asOperand(entry)],
    needsUnixText: true,
    coldEnv: noColdEnv,
    warm: undefined,
    minWarmMemoryBytes: 0,
  },
]

/** Pages, which browsers run: a job in HTML is a site, files at an address of their own. No sandbox is needed for it. */
export const HTML = {
  id: 'html',
  name: 'HTML',
  aliases: ['htm', 'xhtml'],
  version: 'the browser that shows it',
  extensions: ['.html', '.htm'],
  fileName: 'index.html',
} as const satisfies ListedLanguage

/** A language of jobs: one of programs, or HTML. */
export type JobLanguage = Language | typeof HTML

/** Whether sandboxes run it. */
export const isOfPrograms = (language: JobLanguage): language is Language => language.id !== HTML.id

const byWord = new Map(
  LANGUAGES.flatMap((language) => [language.id, ...language.aliases].map((word) => [word, language] as const)),
)

const HTML_WORDS: ReadonlySet<string> = new Set([HTML.id, ...HTML.aliases])

const toWord = (idOrAlias: string): string => idOrAlias.trim().toLowerCase()

/** The language of programs with this id or alias, in upper or lower case. */
export const findLanguage = (idOrAlias: string): Language | undefined => byWord.get(toWord(idOrAlias))

/** The same, HTML included. */
export const findJobLanguage = (idOrAlias: string): JobLanguage | undefined =>
  findLanguage(idOrAlias) ?? (HTML_WORDS.has(toWord(idOrAlias)) ? HTML : undefined)

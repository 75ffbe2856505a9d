/** One language a deployment can run. */
export interface Language {
  readonly id: LanguageId
  readonly name: string
  /** Other words for it that a request may use, in lower case. */
  readonly aliases: readonly string[]
  /** What runs it, for people. */
  readonly version: string
  /** File name endings that settle the language, with their dot. */
  readonly extensions: readonly string[]
  /** The image its sandboxes start from, without the deployment's prefix. */
  readonly image: 'python' | 'javascript'
  /** The name `code` gets, and the entry of files that name none. */
  readonly fileName: string
  /** The argv that runs `entry`, a path relative to the workspace. The job's own args follow. */
  readonly command: (entry: string) => readonly string[]
  /** How its interpreter is started ahead; undefined where it is not: Bash starts in a millisecond, nothing to save. */
  readonly warm: WarmStart | undefined
}

/**
 * How an interpreter comes to wait, started, for its program (infra/images has the other half of both).
 * `fork`: process 1 of the sandbox is that interpreter, and programs are forked off it.
 * `barrier`: it is started with these variables on top, and waits in a file they make it load.
 */
type WarmStart = { readonly by: 'fork' } | { readonly by: 'barrier'; readonly env: Readonly<Record<string, string>> }

export type LanguageId = 'python' | 'javascript' | 'typescript' | 'bash'

/** An entry called `-c` is a file, not an option. */
const asOperand = (entry: string): string => (entry.startsWith('-') ? `./${entry}` : entry)

const NODE_START_BARRIER: WarmStart = {
  by: 'barrier',
  env: { NODE_OPTIONS: '--require=/opt/runnel/start-barrier.cjs' },
}

export const LANGUAGES: readonly Language[] = [
  {
    id: 'python',
    name: 'Python',
    aliases: ['py', 'python3', 'py3'],
    version: 'Python 3.13',
    extensions: ['.py', '.pyw'],
    image: 'python',
    fileName: 'main.py',
    // -u: what a program prints is seen when it prints it, not when a buffer is full.
    command: (entry) => ['python3', '-u', asOperand(entry)],
    warm: { by: 'fork' },
  },
  {
    id: 'javascript',
    name: 'JavaScript',
    aliases: ['js', 'node', 'nodejs', 'mjs', 'cjs'],
    version: 'Node 24',
    extensions: ['.js', '.mjs', '.cjs'],
    image: 'javascript',
    fileName: 'main.js',
    command: (entry) => ['node', asOperand(entry)],
    warm: NODE_START_BARRIER,
  },
  {
    id: 'typescript',
    name: 'TypeScript',
    aliases: ['ts', 'mts', 'cts'],
    version: 'Node 24, which strips the types and checks none',
    extensions: ['.ts', '.mts', '.cts'],
    image: 'javascript',
    fileName: 'main.ts',
    command: (entry) => ['node', asOperand(entry)],
    warm: NODE_START_BARRIER,
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
    warm: undefined,
  },
]

const byWord = new Map(
  LANGUAGES.flatMap((language) => [language.id, ...language.aliases].map((word) => [word, language] as const)),
)

/** The language that goes by this id or alias, in whatever case it is written. */
export const findLanguage = (idOrAlias: string): Language | undefined => byWord.get(idOrAlias.trim().toLowerCase())

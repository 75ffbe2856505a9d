import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * A program as people write it, with its one right answer, is one text file. Each of its parts starts with a line that
 * names it:
 *
 *     -- main.ts --          a file; `main.…` is the entry. `bom` and `crlf` may follow the name
 *     -- stdout --           all that it prints
 *     -- stderr --           a piece of what it prints there; nothing if the part is missing
 *     -- exit --             its exit code, 0 if the part is missing
 */
export interface WrittenProgram {
  readonly name: string
  readonly entry: string
  readonly files: readonly { readonly path: string; readonly text: string }[]
  readonly stdout: string
  readonly stderr: string | undefined
  readonly exitCode: number
}

const HEADING = /^-- (\S+)((?: [a-z]+)*) --\n/gm
const ANSWERS = ['stdout', 'stderr', 'exit']
const BYTE_ORDER_MARK = '\ufeff'

const parse = (name: string, text: string): WrittenProgram => {
  const headings = [...text.matchAll(HEADING)]
  const parts = headings.map((heading, index) => {
    const [line, path = '', traits = ''] = heading
    const content = text.slice(heading.index + line.length, headings[index + 1]?.index)
    const lines = traits.includes('crlf') ? content.replaceAll('\n', '\r\n') : content
    return { path, text: traits.includes('bom') ? BYTE_ORDER_MARK + lines : lines }
  })
  const files = parts.filter(({ path }) => !ANSWERS.includes(path))
  const answer = (path: string) => parts.find((part) => part.path === path)?.text
  const entry = files.find(({ path }) => path.startsWith('main.'))?.path
  if (entry === undefined) throw new Error(`The program "${name}" has no main file`)
  const exitCode = Number(answer('exit') ?? 0)
  return { name, entry, files, stdout: answer('stdout') ?? '', stderr: answer('stderr')?.trimEnd(), exitCode }
}

const FOLDER = join(import.meta.dirname, 'programs')

export const readPrograms = (): readonly WrittenProgram[] =>
  readdirSync(FOLDER)
    .sort()
    .map((file) => parse(file.replace(/\.txt$/, ''), readFileSync(join(FOLDER, file), 'utf8')))

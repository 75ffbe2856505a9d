import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * A program of the corpus is one text file. Each of its files starts with a line that names it, and may say how the
 * text becomes bytes; `stdin` is the program's input:
 *
 *     -- main.py crlf --
 *     print(input())
 *     -- stdin no-newline --
 *     no newline after this
 *
 * Text and not the files themselves, because tools would fix or refuse many of them: wrong syntax is the point.
 */
export interface CorpusProgram {
  readonly name: string
  /** The file whose name starts with `main.`. */
  readonly entry: string
  readonly files: readonly CorpusFile[]
  readonly stdin: Buffer
}

interface CorpusFile {
  readonly path: string
  readonly bytes: Buffer
}

const HEADING = /^-- (\S+)((?: [a-z0-9-]+)*) --\n/gm
const BYTE_ORDER_MARK = '\ufeff'

const toFileBytes = (text: string, traits: readonly string[]): Buffer => {
  if (traits.includes('base64')) return Buffer.from(text, 'base64')
  let written = text
  if (traits.includes('no-newline')) written = written.replace(/\n$/, '')
  if (traits.includes('crlf')) written = written.replaceAll('\n', '\r\n')
  if (traits.includes('bom')) written = BYTE_ORDER_MARK + written
  return Buffer.from(written, traits.includes('latin-1') ? 'latin1' : 'utf8')
}

const parse = (name: string, text: string): CorpusProgram => {
  const headings = [...text.matchAll(HEADING)]
  const all = headings.map((heading, index): CorpusFile => {
    const [line, path = '', traits = ''] = heading
    const content = text.slice(heading.index + line.length, headings[index + 1]?.index)
    return { path, bytes: toFileBytes(content, traits.split(' ')) }
  })
  const files = all.filter(({ path }) => path !== 'stdin')
  const entry = files.find(({ path }) => path.startsWith('main.'))
  if (entry === undefined) throw new Error(`The program "${name}" has no main file`)
  return { name, entry: entry.path, files, stdin: all.find(({ path }) => path === 'stdin')?.bytes ?? Buffer.alloc(0) }
}

export const readPrograms = (folder: 'python' | 'javascript'): CorpusProgram[] =>
  readdirSync(join(import.meta.dirname, folder))
    .sort()
    .map((file) => parse(file.replace(/\.txt$/, ''), readFileSync(join(import.meta.dirname, folder, file), 'utf8')))

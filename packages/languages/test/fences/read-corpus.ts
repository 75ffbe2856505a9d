import { readFileSync } from 'node:fs'

/** The texts of a file, each below a line `=== <head>: <title>`. */
export const readCorpus = (name: string): { head: string; title: string; text: string }[] =>
  readFileSync(new URL(name, import.meta.url), 'utf8')
    .split(/^=== /m)
    .slice(1)
    .map((piece) => {
      const end = piece.indexOf('\n')
      const [head = '', title = ''] = piece.slice(0, end).split(/: (.*)/, 2)
      return { head, title, text: piece.slice(end + 1) }
    })

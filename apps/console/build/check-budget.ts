import { brotliCompressSync } from 'node:zlib'
import type { Plugin, Rolldown } from 'vite'

/** The chunks that the browser must have before it shows anything: the entry and all it imports, but not what it imports later. */
const findFirstView = (bundle: Rolldown.OutputBundle): ReadonlySet<Rolldown.OutputChunk> => {
  const found = new Set<Rolldown.OutputChunk>()
  const add = (fileName: string): void => {
    const chunk = bundle[fileName]
    if (chunk?.type !== 'chunk' || found.has(chunk)) return
    found.add(chunk)
    for (const imported of chunk.imports) add(imported)
  }
  for (const chunk of Object.values(bundle)) if (chunk.type === 'chunk' && chunk.isEntry) add(chunk.fileName)
  return found
}

const compressed = ({ code }: Rolldown.OutputChunk): number => brotliCompressSync(code).length

/** How large JavaScript may be with brotli, in bytes. */
export interface Budget {
  /** All that the browser must have before it shows anything. */
  readonly firstViewBytes: number
  /** The chunk of a view that is loaded later, by the name of its folder. What it shares with other views is not counted. */
  readonly viewBytes: Readonly<Record<string, number>>
}

/** What is wrong with the chunks of the views. */
const findLargeViews = (bundle: Rolldown.OutputBundle, bounds: Budget['viewBytes']): readonly string[] =>
  Object.entries(bounds).flatMap(([name, bound]) => {
    const chunk = Object.values(bundle).find((one) => one.type === 'chunk' && one.name === name)
    if (chunk?.type !== 'chunk') return [`There is no chunk of the view ${name}`]
    const bytes = compressed(chunk)
    return bytes > bound ? [`The view ${name} has ${bytes} bytes of JavaScript with brotli, of ${bound} allowed`] : []
  })

/** Fails the build when the page is over its budget. */
export const checkBudget = ({ firstViewBytes, viewBytes }: Budget): Plugin => ({
  name: 'runnel-check-budget',
  apply: 'build',
  generateBundle: {
    order: 'post',
    handler(_options, bundle) {
      const chunks = [...findFirstView(bundle)].map((chunk) => ({ name: chunk.fileName, bytes: compressed(chunk) }))
      const total = chunks.reduce((sum, { bytes }) => sum + bytes, 0)
      const list = chunks
        .toSorted((one, other) => other.bytes - one.bytes)
        .map(({ name, bytes }) => `  ${(bytes / 1000).toFixed(1)} kB  ${name}`)
        .join('\n')
      const sentence = `The first view has ${(total / 1000).toFixed(1)} kB of JavaScript with brotli, of ${firstViewBytes / 1000} kB allowed`
      if (total > firstViewBytes)
        this.error(`${sentence}. Load later what the first look does not need. It is made of:\n${list}`)
      this.info(`${sentence}.`)
      const large = findLargeViews(bundle, viewBytes)
      if (large.length > 0) this.error(large.join('\n'))
    },
  },
})

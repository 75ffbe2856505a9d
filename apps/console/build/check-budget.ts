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

/** Fails the build when the JavaScript of the first view, with brotli, is larger than this many bytes. */
export const checkBudget = ({ firstViewBytes }: { readonly firstViewBytes: number }): Plugin => ({
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
    },
  },
})

import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'
import type { Plugin } from 'vite'

/** Fonts and images are compressed already. A source map is only for people with developer tools open. */
const COMPRESSIBLE = /\.(?:js|css|html|svg|json)$/

/** Below this many bytes a compressed file saves less than its header costs. */
const WORTH_BYTES = 512

const toBrotli = promisify(brotliCompress)
const toGzip = promisify(gzip)

/** Writes each text file of the build a second and a third time, as `.br` and as `.gz`. The API sends the one that a browser takes. */
export const compressFiles = (): Plugin => ({
  name: 'runnel-compress-files',
  apply: 'build',
  generateBundle: {
    // After everything that may still change a file.
    order: 'post',
    async handler(_options, bundle) {
      const files = Object.values(bundle).filter(({ fileName }) => COMPRESSIBLE.test(fileName))
      await Promise.all(
        files.map(async (file) => {
          const bytes = Buffer.from(file.type === 'chunk' ? file.code : file.source)
          if (bytes.length < WORTH_BYTES) return
          const params = { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY }
          const emit = (ending: string, source: Uint8Array) =>
            this.emitFile({ type: 'asset', fileName: `${file.fileName}.${ending}`, source })
          emit('br', await toBrotli(bytes, { params }))
          emit('gz', await toGzip(bytes, { level: constants.Z_BEST_COMPRESSION }))
        }),
      )
    },
  },
})

// API and worker as one file each, for the tests of whole systems. They start these programs more than a hundred times, and to find
// and load their 1,600 and 1,200 modules takes half of the processor time of a start: 1.5 s and 0.95 s, instead of 0.75 s and 0.5 s
// (November 2026). To bundle both takes 3.5 s, so it is done once for a whole `npm test`. What users start, the sources, is started
// by start.e2e.test.ts and main.redis.test.ts.
import { rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Plugin } from 'rolldown'
import { KEPT, ROOT } from '../places.ts'

/** Where `bundlePrograms` puts `api.mjs` and `worker.mjs`. */
export const PROGRAMS = join(KEPT, 'test/programs')

const PLACE = /(?<!(?:const|let|var) )\b(?:import\.meta\.(?:url|filename|dirname)|__filename|__dirname)\b/g

/** A module finds files beside itself, and not beside the bundle that it became a part of. */
const keepPlaces: Plugin = {
  name: 'keep-places',
  transform: {
    filter: { code: PLACE },
    handler: (code, id) => ({
      code: code.replaceAll(PLACE, (place) => {
        if (place.endsWith('url')) return JSON.stringify(pathToFileURL(id).href)
        return JSON.stringify(place.endsWith('dirname') ? dirname(id) : id)
      }),
      map: null,
    }),
  },
}

const bundle = async (app: string): Promise<void> => {
  // Only now, because the rest of the bootstrap runs before there are packages.
  const { rolldown } = await import('rolldown')
  await using program = await rolldown({
    input: { [app]: join(ROOT, `apps/${app}/src/main.ts`) },
    platform: 'node',
    // Native parts, which are optional and not built.
    external: [/\.node$/, 'cpu-features'],
    logLevel: 'silent',
    plugins: [keepPlaces],
  })
  await program.write({ dir: PROGRAMS, entryFileNames: '[name].mjs', chunkFileNames: `${app}-[name]-[hash].mjs` })
}

export const bundlePrograms = async (): Promise<void> => {
  rmSync(PROGRAMS, { recursive: true, force: true })
  await Promise.all(['api', 'worker'].map(bundle))
}

// Lays out the packages that this one depends on as one flat folder, without links: what the javascript image has as
// /node_modules, so that no installer is needed there. Packages come from where pnpm has installed them.
//
//   node lay-out.ts <folder>
import { cpSync, existsSync, mkdirSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'

const HERE = join(import.meta.dirname, '..')

const readDependencies = (folder: string): readonly string[] => {
  const { dependencies = {} } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  return Object.keys(dependencies)
}

/** Where Node finds a package from that folder: in the nearest `node_modules` that has it. */
const findPackage = (name: string, from: string): string => {
  for (let folder = from; ; folder = dirname(folder)) {
    const found = join(folder, basename(folder) === 'node_modules' ? '' : 'node_modules', name)
    if (existsSync(found)) return realpathSync(found)
    if (folder === dirname(folder))
      throw new Error(`Cannot find the package ${name} from ${from}: install the packages first`)
  }
}

/** One version of a package lies flat, the first that is met. Another version lies within the package that needs it. */
export const layOut = (to: string, from = HERE): void => {
  rmSync(to, { recursive: true, force: true })
  /** By place, the folder that its package came from. */
  const placed = new Map<string, string>()

  const place = (source: string, target: string): void => {
    placed.set(target, source)
    mkdirSync(target, { recursive: true })
    cpSync(source, target, { recursive: true, filter: (path) => path === source || basename(path) !== 'node_modules' })
    placeDependencies(source, [target])
  }

  /** `places`: the folders that have a `node_modules` to look in, the nearest first. */
  const placeDependencies = (source: string, places: readonly string[]): void => {
    for (const name of readDependencies(source)) {
      const found = findPackage(name, source)
      const nested = places.map((folder) => join(folder, 'node_modules', name))
      const seen = [...nested, join(to, name)].find((target) => placed.has(target))
      if (seen !== undefined && placed.get(seen) === found) continue
      place(found, seen === undefined ? join(to, name) : (nested[0] ?? join(to, name)))
    }
  }

  placeDependencies(from, [])
}

if (import.meta.main) {
  const [folder] = process.argv.slice(2)
  if (folder === undefined) throw new Error('Say which folder: node lay-out.ts <folder>')
  layOut(folder)
}

// node apps/bench/src/tricks/main.ts --language python --without freeze,pages,freeze+pages --rounds 300
//
// What each trick of the agent gains: the same image with it and without, in turn, in one run. Every round measures all
// variants in a random order, and the result is the median of the differences within a round. `again` is the unchanged
// image a second time: its difference is noise. `--without image:other/python` compares with another image: another
// state of the code. `--code` is the program; without it, one that prints a line.
import { parseArgs } from 'node:util'
import Docker from 'dockerode'
import { summarize } from '../report/statistics.ts'
import { createVariant, type Sample, type Variant } from './measure-variant.ts'
import { createSwitchedImage } from './switched-image.ts'

const { values } = parseArgs({
  options: {
    language: { type: 'string', default: 'python' },
    image: { type: 'string', default: 'runnel/python' },
    /** Variants, separated by commas; names joined by + are off together. */
    without: { type: 'string', default: '' },
    rounds: { type: 'string', default: '200' },
    containers: { type: 'string', default: 'fresh' },
    minutes: { type: 'string', default: '60' },
    code: { type: 'string' },
  },
})

const ALL_ON = 'nothing'
const names = [ALL_ON, 'again', ...values.without.split(',').filter((name) => name !== '')]

const shuffle = <T>(list: readonly T[]): T[] =>
  list
    .map((value) => ({ value, at: Math.random() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ value }) => value)

const medianOf = (values: readonly number[]): number => summarize(values.filter((value) => !Number.isNaN(value))).median

const describe = (withIt: readonly number[], without: readonly number[]): string => {
  const differences = without
    .map((value, round) => value - (withIt[round] ?? Number.NaN))
    .filter((d) => !Number.isNaN(d))
  const base = medianOf(withIt)
  const gain = medianOf(differences)
  const error = (1.25 * deviation(differences)) / Math.sqrt(differences.length)
  return [
    base.toFixed(3),
    medianOf(without).toFixed(3),
    `${gain >= 0 ? '+' : ''}${gain.toFixed(3)}`,
    `± ${error.toFixed(3)}`,
    `${((gain / base) * 100).toFixed(1)} %`,
  ].join(' | ')
}

/** Judged by the middle half, which a few slow runs do not change. */
const deviation = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (share: number) => sorted[Math.floor((sorted.length - 1) * share)] ?? Number.NaN
  return (at(0.75) - at(0.25)) / 1.349
}

const report = (samples: ReadonlyMap<string, readonly Sample[]>): void => {
  const base = samples.get(ALL_ON) ?? []
  for (const what of Object.keys(base[0] ?? {})) {
    process.stdout.write(`\n${what}\n  without | with it | without it | median difference | error | of it\n`)
    const column = (name: string) => (samples.get(name) ?? []).map((sample) => sample[what] ?? Number.NaN)
    for (const name of names.slice(1)) process.stdout.write(`  ${name} | ${describe(column(ALL_ON), column(name))}\n`)
  }
}

const main = async (): Promise<void> => {
  const docker = new Docker()
  await using resources = new AsyncDisposableStack()
  const variants = new Map<string, Variant>()
  const samples = new Map<string, Sample[]>()
  for (const [at, name] of names.entries()) {
    const other = /^image:(.*)$/.exec(name)?.[1]
    const { prefix } = resources.use(
      await createSwitchedImage(docker, other ?? values.image, other ? `other-${at}` : name),
    )
    variants.set(name, resources.use(createVariant(docker, prefix, values.language, values.code)))
    samples.set(name, [])
  }
  const until = performance.now() + Number(values.minutes) * 60_000
  let rounds = 0
  for (; rounds < Number(values.rounds) && performance.now() < until; rounds += 1) {
    for (const [name, variant] of shuffle([...variants])) {
      samples.get(name)?.push(await (values.containers === 'fresh' ? variant.measureFresh() : variant.measureReused()))
    }
  }
  process.stdout.write(`${values.language}, ${rounds} rounds\n`)
  report(samples)
}

await main()

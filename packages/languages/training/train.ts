/**
 * Trains the classifier and writes src/model.json. README.md says from what.
 *
 * 1. Each sample gives some pieces, because people send one line as well as whole files.
 * 2. The words that several sources have in common are known; all others count by their shape.
 * 3. A softmax regression is fitted twice: with all features, then with those that moved the result most.
 *
 * The same sources give the same file: chance comes from a fixed seed.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readEvidence } from '../src/read-evidence.ts'
import { readWords } from '../src/read-features.ts'
import { fit } from './fit.ts'
import { createRandom } from './random.ts'
import { readSamples, USUAL_COMMANDS } from './read-samples.ts'

const KNOWN_WORDS = 1500
/** A word of fewer sources is a name rather than a word of a language. */
const KNOWN_SOURCES = 3
const KEPT_FEATURES = 6000
/** A feature of fewer pieces is chance. */
const FEWEST_PIECES = 8
const PIECES_PER_LANGUAGE = 6000
const PIECE_CHARACTERS = 4000
/** Each of our own samples stands for a kind of text, and counts as so many pieces. */
const OWN_WEIGHT = 8
/** The commands of tldr would drown all scripts. */
const MOST_COMMANDS = 8000
/** Weights are kept in a byte: 127 stands for 4. */
const SCALE = 127 / 4

const [folder] = process.argv.slice(2)
if (folder === undefined) throw new Error('Cannot train: name the folder of the sources, as README.md says')

const { chance, pick, shuffle } = createRandom(17)
const say = (text: string): void => void process.stdout.write(`${text}\n`)

/** Whole statements as far as the margin tells: a piece starts and ends with a line that starts at the left. */
const cutPieces = (text: string): string[] => {
  const lines = text.split('\n')
  const starts = lines.flatMap((line, at) => (/^[^\s}\])#/*-]/.test(line) ? [at] : []))
  const pieces = [text.slice(0, PIECE_CHARACTERS)]
  if (starts.length < 3) return pieces
  for (const statements of [1, 1, 1, 2, 2, 4, 4, 10]) {
    const from = pick(starts.length)
    const piece = lines.slice(starts[from], starts[from + statements] ?? lines.length).join('\n')
    if (piece.trim() !== '') pieces.push(piece.slice(0, PIECE_CHARACTERS))
  }
  return pieces
}

const piecesByLanguage = new Map<string, string[]>()
const sourcesOfWord = new Map<string, Set<string>>()
const ownTexts = new Set<string>()
for (const [source, samples] of Object.entries(readSamples(folder))) {
  say(`${source}: ${samples.length} samples`)
  for (const { language, text } of source === 'tldr' ? shuffle([...samples]).slice(0, MOST_COMMANDS) : samples) {
    for (const word of readWords(text.slice(0, PIECE_CHARACTERS))) {
      sourcesOfWord.set(word, (sourcesOfWord.get(word) ?? new Set()).add(source))
    }
    const pieces = piecesByLanguage.get(language) ?? []
    piecesByLanguage.set(language, pieces)
    if (source === 'own') {
      ownTexts.add(text)
      pieces.push(...Array.from({ length: OWN_WEIGHT }, () => text))
    }
    // Hundreds of languages: a little of each is enough.
    else if (language === 'other') pieces.push(...cutPieces(text.slice(0, PIECE_CHARACTERS)).slice(0, 2))
    else pieces.push(...cutPieces(text))
  }
}

/** Few people send half a statement, so few pieces may have errors; our own are all meant. TypeScript without types is JavaScript. */
const ERRORS: Readonly<Record<string, number>> = { python: 0.1, javascript: 0.1, typescript: 0 }
const isUsable = (language: string, text: string): boolean => {
  const errors = ERRORS[language]
  if (errors === undefined || ownTexts.has(text)) return true
  return readEvidence(text, () => false).grammars.some((grammar) => grammar === language) || chance() < errors
}

/** Many write JavaScript without semicolons, and prose without capitals and punctuation, but few of the sources do. */
const varyStyle = (language: string, text: string): string => {
  if (/^(?:java|type)script$/.test(language)) return chance() < 0.3 ? text.replace(/;$/gm, '') : text
  if (language !== 'prose' || chance() < 0.5) return text
  const words = text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s'-]/gu, '')
    .split(/\s+/)
  const separator = chance() < 0.2 ? '\n' : ' '
  return words.slice(0, 1 + pick(10)).join(separator)
}

const languages = [...piecesByLanguage.keys()].sort()
const examples = shuffle(
  languages.flatMap((language, label) =>
    shuffle(piecesByLanguage.get(language) ?? [])
      .filter((text) => isUsable(language, text))
      .slice(0, PIECES_PER_LANGUAGE)
      .map((text) => ({ label, text: varyStyle(language, text) })),
  ),
)
const examplesOf = languages.map((_, label) => examples.filter((example) => example.label === label).length)
say(languages.map((language, label) => `${language} ${examplesOf[label]}`).join(', '))

/** A language with few examples counts as much as one with many. */
const commonness = new Map<string, number>()
for (const { label, text } of examples) {
  for (const word of readWords(text)) {
    commonness.set(word, (commonness.get(word) ?? 0) + 1 / (examplesOf[label] ?? 1))
  }
}
const words = [...commonness]
  .filter(([word]) => (sourcesOfWord.get(word)?.size ?? 0) >= KNOWN_SOURCES)
  .sort(([a, isA], [b, isB]) => isB - isA || (a < b ? -1 : 1))
  .slice(0, KNOWN_WORDS)
  .map(([word]) => word)
  .concat([...USUAL_COMMANDS].filter((word) => /^\w+$/.test(word)))
const known = new Set(words)

const featuresOf = examples.map(({ text }) => [...readEvidence(text, (word) => known.has(word)).features])
const pieces = new Map<string, number>()
for (const features of featuresOf) {
  for (const feature of features) pieces.set(feature, (pieces.get(feature) ?? 0) + 1)
}
const all = [...pieces.keys()].filter((feature) => (pieces.get(feature) ?? 0) >= FEWEST_PIECES)
say(`${examples.length} examples, ${all.length} features`)

const fitWith = (features: readonly string[]) => {
  const positions = new Map(features.map((feature, at) => [feature, at]))
  const rows = featuresOf.map((own, at) => ({
    features: Uint32Array.from(own.flatMap((feature) => positions.get(feature) ?? [])),
    label: examples[at]?.label ?? 0,
  }))
  return fit(rows, { features: features.length, labels: languages.length, shuffle, say })
}

const first = fitWith(all)
const move = (feature: string, at: number): number => {
  const own = first.weights.subarray(at * languages.length, (at + 1) * languages.length)
  return Math.max(...own.map(Math.abs)) * Math.sqrt(Math.min(400, pieces.get(feature) ?? 0))
}
const kept = all
  .map((feature, at) => ({ feature, moved: move(feature, at) }))
  .sort((a, b) => b.moved - a.moved)
  .slice(0, KEPT_FEATURES)
  .map(({ feature }) => feature)
const { weights, bias } = fitWith(kept)

const toByte = (weight: number): number => Math.max(-127, Math.min(127, Math.round(weight * SCALE)))
const model = {
  languages,
  bias: [...bias].map((value) => Math.round(value * 1000) / 1000),
  scale: SCALE,
  words: words.filter((word) => kept.some((feature) => feature.includes(word))),
  features: kept,
  weights: Buffer.from(Int8Array.from(weights, toByte).buffer).toString('base64'),
}
const path = join(import.meta.dirname, '../src/model.json')
writeFileSync(path, `${JSON.stringify(model)}\n`)
say(`wrote ${path}`)

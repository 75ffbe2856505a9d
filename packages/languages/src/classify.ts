import type { LanguageId } from './catalogue.ts'
import model from './model.json' with { type: 'json' }
import { readEvidence } from './read-evidence.ts'

const known = new Set(model.words)
const isKnown = (word: string): boolean => known.has(word)
const positions = new Map(model.features.map((feature, at) => [feature, at]))
const count = model.languages.length

/** A loop, because `Int8Array.from` with a function takes 30 ms for these 300 KB, at each start. */
const toSignedBytes = (base64: string): Int8Array => {
  const text = atob(base64)
  const bytes = new Int8Array(text.length)
  for (let at = 0; at < text.length; at += 1) bytes[at] = text.charCodeAt(at)
  return bytes
}
/** A row for each feature, with a byte for each language. */
const weights = toSignedBytes(model.weights)

/** How probable each language is, and the languages as which the text parses. */
export interface Classification {
  readonly probabilities: ReadonlyMap<string, number>
  readonly grammars: readonly LanguageId[]
}

/** Without words and marks there are no probabilities. Else a softmax regression: each feature of the text has a weight for each language. training/ makes the weights. */
export const classify = (text: string): Classification => {
  const { features, grammars } = readEvidence(text, isKnown)
  if (features.size === grammars.length) return { probabilities: new Map(), grammars }
  const rows = [...features].flatMap((feature) => positions.get(feature) ?? [])
  const scores = model.languages.map((_, k) => {
    const sum = rows.reduce((total, at) => total + (weights[at * count + k] ?? 0), 0)
    return (model.bias[k] ?? 0) + sum / model.scale
  })
  const most = Math.max(...scores)
  const total = scores.reduce((sum, score) => sum + Math.exp(score - most), 0)
  const probabilities = new Map(
    model.languages.map((language, k) => [language, Math.exp((scores[k] ?? 0) - most) / total]),
  )
  return { probabilities, grammars }
}

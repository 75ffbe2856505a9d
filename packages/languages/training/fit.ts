/** The features that a text has, and the number of its language. */
interface Row {
  readonly features: Uint32Array
  readonly label: number
}

interface Size {
  readonly features: number
  readonly labels: number
  readonly shuffle: (order: number[]) => number[]
  readonly say: (text: string) => void
}

const EPOCHS = 10
/** The result is the mean of the weights after each of the last epochs: those of one epoch depend on what came last. */
const AVERAGED_EPOCHS = 5
const LEARNING_RATE = 0.15
const BIAS_RATE = 0.002
/** Keeps weights small, so that no feature decides alone. */
const DECAY = 0.002
/** A language with few examples counts for more, but for no more than this. */
const MOST_IMPORTANCE = 3
const ENOUGH_EXAMPLES = 1000

/** Softmax regression by AdaGrad, one example at a time. Returns a weight for each feature and label, and a bias for each label. */
export const fit = (rows: readonly Row[], { features, labels, shuffle, say }: Size) => {
  const weights = new Float32Array(features * labels)
  const squares = new Float32Array(features * labels).fill(1e-3)
  const bias = new Float32Array(labels)
  const mean = new Float32Array(features * labels)
  const scores = new Float32Array(labels)
  const counts = new Float32Array(labels)
  for (const { label } of rows) counts[label] = (counts[label] ?? 0) + 1

  const predict = (row: Row): void => {
    scores.set(bias)
    for (const feature of row.features) {
      const start = feature * labels
      for (let k = 0; k < labels; k += 1) scores[k] = (scores[k] ?? 0) + (weights[start + k] ?? 0)
    }
    const most = Math.max(...scores)
    let sum = 0
    for (let k = 0; k < labels; k += 1) {
      const score = Math.exp((scores[k] ?? 0) - most)
      scores[k] = score
      sum += score
    }
    for (let k = 0; k < labels; k += 1) scores[k] = (scores[k] ?? 0) / sum
  }

  const learn = ({ features: own, label }: Row): void => {
    const importance = Math.min(MOST_IMPORTANCE, Math.max(1, Math.sqrt(ENOUGH_EXAMPLES / (counts[label] ?? 1))))
    for (let k = 0; k < labels; k += 1) {
      const gradient = ((scores[k] ?? 0) - (k === label ? 1 : 0)) * importance
      if (Math.abs(gradient) < 1e-4) continue
      bias[k] = (bias[k] ?? 0) - BIAS_RATE * gradient
      for (const feature of own) {
        const at = feature * labels + k
        const weight = weights[at] ?? 0
        const step = gradient + DECAY * weight
        const square = (squares[at] ?? 0) + step * step
        squares[at] = square
        weights[at] = weight - (LEARNING_RATE * step) / Math.sqrt(square)
      }
    }
  }

  const order = rows.map((_, at) => at)
  for (let epoch = 1; epoch <= EPOCHS; epoch += 1) {
    let loss = 0
    for (const at of shuffle(order)) {
      const row = rows[at]
      if (row === undefined) continue
      predict(row)
      loss -= Math.log((scores[row.label] ?? 0) + 1e-9)
      learn(row)
    }
    if (epoch > EPOCHS - AVERAGED_EPOCHS) {
      for (let at = 0; at < mean.length; at += 1) mean[at] = (mean[at] ?? 0) + (weights[at] ?? 0) / AVERAGED_EPOCHS
    }
    say(`epoch ${epoch}: loss ${(loss / rows.length).toFixed(3)}`)
  }
  return { weights: mean, bias }
}

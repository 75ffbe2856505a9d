/** What the assistant can answer with. It is no model: every answer is written down here. */
export interface Answer {
  /** What one asks for it. */
  readonly question: string
  readonly text: string
  readonly language: 'python' | 'javascript'
  readonly code: string
}

export const ANSWERS: readonly Answer[] = [
  {
    question: 'Find the prime numbers below 60',
    text: 'A sieve crosses out the multiples of every number that is still there. What is left is prime.',
    language: 'python',
    code: `limit = 60
is_prime = [True] * limit
for n in range(2, limit):
    if is_prime[n]:
        print(n, end=" ", flush=True)
        for multiple in range(n * n, limit, n):
            is_prime[multiple] = False
print()
`,
  },
  {
    question: 'Count down from five, one number a second',
    text: 'Each number appears when it is printed, not when the program ends.',
    language: 'python',
    code: `import time

for n in range(5, 0, -1):
    print(f"{n}…")
    time.sleep(1)
print("Lift-off 🚀")
`,
  },
  {
    question: 'How often does each word occur in a sentence?',
    text: 'A Map counts them; the most frequent come first.',
    language: 'javascript',
    code: `const text = 'the cat saw the dog and the dog saw the cat run'
const counts = new Map()
for (const word of text.split(' ')) counts.set(word, (counts.get(word) ?? 0) + 1)
for (const [word, count] of [...counts].sort((a, b) => b[1] - a[1])) {
  console.log(word.padEnd(6), '█'.repeat(count), count)
}
`,
  },
  {
    question: 'Show me what a mistake looks like',
    text: 'This program divides by zero in its third step. The message goes to the error output, which both terminals show.',
    language: 'python',
    code: `for divisor in (2, 1, 0):
    print(f"10 / {divisor} = {10 / divisor}")
`,
  },
]

const wordsOf = (text: string): readonly string[] => text.toLowerCase().match(/\p{L}{3,}/gu) ?? []

/** The answer whose question shares the most words with the text; undefined if none shares any. */
export const findAnswer = (text: string): Answer | undefined => {
  const asked = new Set(wordsOf(text))
  const rated = ANSWERS.map((answer) => ({
    answer,
    shared: wordsOf(answer.question).filter((word) => asked.has(word)).length,
  }))
  const best = rated.reduce((one, other) => (other.shared > one.shared ? other : one))
  return best.shared === 0 ? undefined : best.answer
}

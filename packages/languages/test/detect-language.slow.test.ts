import { expect, test } from 'vitest'
import { answer, CHANGES, corpus, expected } from './detection-corpus.ts'

test.each(CHANGES)('The same language is detected in each text %s', (_, change) => {
  for (const text of corpus) expect(answer(change(text.content)), text.title).toBe(expected(text))
})

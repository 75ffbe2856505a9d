import { expect, test } from 'vitest'
import { ANSWERS, findAnswer } from '../src/page/assistant.ts'

test('The assistant finds the program whose question has the most words in common', () => {
  expect(findAnswer('please show me a MISTAKE')).toBe(ANSWERS[3])
  expect(ANSWERS.map(({ question }) => findAnswer(question))).toEqual(ANSWERS)
})

test('The assistant knows no program for a question without a known word', () => {
  expect(findAnswer('Sing a song')).toBeUndefined()
})

import { expect, test } from 'vitest'
import { ALL_LANGUAGES, findJobLanguage, findLanguage, HTML, LANGUAGES, readLanguageList } from '../src/index.ts'

const ALL = [...LANGUAGES, HTML]

test('Each id, alias and file extension belongs to one language', () => {
  for (const words of [
    ALL.flatMap(({ id, aliases }) => [id, ...aliases]),
    ALL.flatMap(({ extensions }) => [...extensions]),
    ALL.map(({ fileName }) => fileName),
  ]) {
    expect(new Set(words).size).toBe(words.length)
  }
})

test('The word `auto` names no language, because a submission leaves the language open with it', () => {
  expect(findLanguage('auto')).toBeUndefined()
})

test('A language is found by its id and its aliases, in any case', () => {
  expect(findLanguage('python')?.id).toBe('python')
  expect(findLanguage('PY')?.id).toBe('python')
  expect(findLanguage('Node')?.id).toBe('javascript')
  expect(findLanguage('ts')?.id).toBe('typescript')
  expect(findLanguage('sh')?.id).toBe('bash')
  expect(findLanguage('cobol')).toBeUndefined()
  expect(findLanguage('constructor')).toBeUndefined()
})

test('HTML is a language of jobs, and not one of programs', () => {
  expect([findJobLanguage('Htm'), findJobLanguage('py')?.id, findLanguage('html')]).toEqual([HTML, 'python', undefined])
})

test('A command runs its entry with the interpreter', () => {
  const commands = LANGUAGES.map(({ command, fileName }) => command(fileName).join(' '))
  expect(commands).toEqual(['python3 -u main.py', 'node main.js', 'node main.ts', 'bash main.sh'])
})

test('An entry that looks like an option is still a file', () => {
  for (const { command } of LANGUAGES) expect(command('-c').at(-1)).toBe('./-c')
})

test('A comma list names languages by id or alias, each once', () => {
  expect(readLanguageList('py, node,python')?.map(({ id }) => id)).toEqual(['python', 'javascript'])
  expect(readLanguageList(ALL_LANGUAGES)).toEqual([...LANGUAGES, HTML])
  expect(readLanguageList('python,cobol')).toBeUndefined()
  expect(readLanguageList('')).toBeUndefined()
})

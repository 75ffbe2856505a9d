import { expect, test } from 'vitest'
import { findPlaces, findPlacesInLine } from '../src/views/run/errors/find-places.ts'

test.each([
  ['Python', '  File "/workspace/pkg/a.py", line 7, in run', 'pkg/a.py', 7],
  ['Node', '    at run (/workspace/main.js:3:9)', 'main.js', 3],
  ['a module of Node', '    at file:///workspace/main.mjs:12:1', 'main.mjs', 12],
  ['a syntax error of Node', '/workspace/main.js:2', 'main.js', 2],
  ['Bash', 'main.sh: line 4: nope: command not found', 'main.sh', 4],
])('a trace of %s names a place', (_, text, file, line) => {
  expect(findPlacesInLine(text)).toMatchObject([{ file, line }])
})

test.each([
  '  File "/usr/lib/python3.13/json/decoder.py", line 345',
  'at node:internal/main:1:1',
  'see line 4: it fails',
])('%s is no place of the program', (text) => {
  expect(findPlacesInLine(text)).toEqual([])
})

test('a place stands where it is named', () => {
  const text = '    at run (/workspace/main.js:3:9)'
  const [place] = findPlacesInLine(text)
  expect(text.slice(place?.start, place?.end)).toBe('/workspace/main.js:3:9')
})

test('a place that a trace names again and again is found once', () => {
  const text = [
    'File "/workspace/a.py", line 1',
    'File "/workspace/a.py", line 5',
    'File "/workspace/a.py", line 1',
  ].join('\n')
  expect(findPlaces(text).map(({ line }) => line)).toEqual([1, 5])
})

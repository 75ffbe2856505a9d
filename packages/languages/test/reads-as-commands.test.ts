import { describe, expect, test } from 'vitest'
import { readsAsCommands } from '../src/reads-as-commands.ts'

describe('Commands are', () => {
  test.each([
    'whoami',
    'cal 2024',
    'python3 main.py',
    'python3 -c "print(1)"',
    'md5sum file.iso',
    'ls | wc -l',
    'df -h\n\ndu -sh /tmp\n',
    "jq '.items[] | .name' data.json",
  ])('%j', (text) => expect(readsAsCommands(text)).toBe(true))
})

describe('Commands are not', () => {
  test.each([
    '',
    'node',
    'curl\njq',
    'git vs svn',
    'python 3.12',
    'node 22 release',
    'jq is great for main.js',
    'find me a cake.txt',
    'npm vs. yarn',
    'env = production',
    'mv a0, a1',
    'node: main.js',
    'node = "a.js"',
    'tr.forEach(x => x)',
    'ls -l\nbanana',
    'cat | dog',
  ])('%j', (text) => expect(readsAsCommands(text)).toBe(false))
})

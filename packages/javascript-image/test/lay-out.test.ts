import { execFileSync } from 'node:child_process'
import { lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { layOut } from '../src/lay-out.ts'

const openFolder = () => {
  const path = mkdtempSync(join(tmpdir(), 'runnel-lay-out-'))
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true }) }
}

test('What is laid out works beside a program, and has no link', () => {
  using folder = openFolder()
  const packages = join(folder.path, 'node_modules')
  layOut(packages)
  mkdirSync(join(folder.path, 'deep/er'), { recursive: true })
  const program = join(folder.path, 'deep/er/main.mjs')
  writeFileSync(program, "import express from 'express'\nconsole.log(typeof express().listen)")
  expect(execFileSync(process.execPath, [program], { encoding: 'utf8' })).toBe('function\n')
  const links = readdirSync(packages, { recursive: true, encoding: 'utf8' }).filter((path) =>
    lstatSync(join(packages, path)).isSymbolicLink(),
  )
  expect(links).toEqual([])
})

test('Of two versions of a package, each is where it is needed', () => {
  using folder = openFolder()
  const write = (path: string, name: string, dependencies: readonly string[]) => {
    mkdirSync(join(folder.path, path), { recursive: true })
    const text = JSON.stringify({ name, dependencies: Object.fromEntries(dependencies.map((one) => [one, '*'])) })
    writeFileSync(join(folder.path, path, 'package.json'), text)
  }
  write('from', 'from', ['one', 'two'])
  write('from/node_modules/one', 'one', ['shared'])
  write('from/node_modules/shared', 'shared 1', [])
  write('from/node_modules/two', 'two', ['shared'])
  write('from/node_modules/two/node_modules/shared', 'shared 2', [])
  layOut(join(folder.path, 'to'), join(folder.path, 'from'))
  const found = readdirSync(join(folder.path, 'to'), { recursive: true, encoding: 'utf8' })
  expect(found.filter((path) => path.endsWith('package.json')).sort()).toEqual([
    'one/package.json',
    'shared/package.json',
    'two/node_modules/shared/package.json',
    'two/package.json',
  ])
})

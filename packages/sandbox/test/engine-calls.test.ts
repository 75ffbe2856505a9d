import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { ENGINE_CALLS } from '../src/docker/engine-calls.ts'

describe('The calls that we make to Docker', () => {
  it('are all in the README with their reasons, and no others are', async () => {
    const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8')
    const rows = readme.split('\n').filter((line) => /^\| `(?:GET|POST|DELETE) /.test(line))
    expect(rows).toEqual(
      Object.values(ENGINE_CALLS).map(({ method, path, because }) => `| \`${method} ${path}\` | ${because} |`),
    )
  })
})

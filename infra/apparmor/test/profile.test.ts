import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { findAppArmorParser } from '../../bootstrap/prepare/apparmor.ts'

const execute = promisify(execFile)
const PROFILE = join(import.meta.dirname, '../runnel-cell')
const parser = findAppArmorParser()

/** Without `-Q` it would load the profile. The features are those of a kernel that enforces mounts, whatever kernel this is. */
const parse = async (profile: string, ...more: readonly string[]): Promise<string> => {
  if (parser === undefined) throw new Error('No parser')
  const { command, base } = parser
  const features = ['--features-file', join(base, 'abi/3.0'), '--Werror=rule-not-enforced']
  const { stdout } = await execute(command, ['-Q', '-K', '--base', base, ...features, ...more, profile])
  return stdout
}

test.runIf(parser !== undefined)('AppArmor’s parser takes the profile, with every rule enforced', async () => {
  expect(await parse(PROFILE)).toBe('')
  expect((await parse(PROFILE, '-N')).trim()).toBe('runnel-cell')
})

test.runIf(parser !== undefined)('a profile with a mistake is refused, so the test above can fail', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'runnel-apparmor-'))
  try {
    const path = join(folder, 'runnel-cell')
    await writeFile(path, (await readFile(PROFILE, 'utf8')).replace('fstype=proc', 'fstyp=proc'))
    await expect(parse(path)).rejects.toThrow('bad mount rule')
  } finally {
    await rm(folder, { recursive: true })
  }
})

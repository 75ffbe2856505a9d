import { randomBytes } from 'node:crypto'
import { LANGUAGES } from '@runnel/languages'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { HeldSandbox } from '../src/index.ts'
import { createTestSandboxes } from './docker-fixture.ts'
import { failTask, finish, hold, readLines, runLine, runTask } from './lasting.ts'

const MIB = 1024 * 1024
const sandboxes = createTestSandboxes({ languages: LANGUAGES.slice(0, 1) })
let sandbox: HeldSandbox
beforeAll(async () => {
  sandbox = await hold(sandboxes)
})
afterAll(() => sandboxes[Symbol.asyncDispose]())

const list = async (path: string, depth = 1) =>
  readLines(await runTask(sandbox, { name: 'list', path, depth })).map(({ path }) => path)

describe('Files of a sandbox that lasts', () => {
  it('are written whole with the folders on the way, and read whole or in part', async () => {
    const bytes = randomBytes(3 * MIB + 7)
    await runTask(sandbox, { name: 'write', path: 'a/b/file', mode: 0o600 }, bytes)
    expect((await runTask(sandbox, { name: 'read', path: '/home/user/a/b/file' })).equals(bytes)).toBe(true)
    const part = await runTask(sandbox, { name: 'read', path: 'a/b/file', offset: MIB, length: 10 })
    expect(part.equals(bytes.subarray(MIB, MIB + 10))).toBe(true)
    // The mode of a file that is replaced stays.
    await runTask(sandbox, { name: 'write', path: 'a/b/file' }, Buffer.from('new'))
    expect(readLines(await runTask(sandbox, { name: 'stat', path: 'a/b/file' }))).toEqual([
      {
        name: 'file',
        path: '/home/user/a/b/file',
        type: 'file',
        sizeBytes: 3,
        mode: 0o600,
        owner: 'runner',
        group: 'runner',
        modifiedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      },
    ])
    expect(await list('a/b')).toEqual(['/home/user/a/b/file'])
  })

  it('are listed, moved and removed, also from one file system to another', async () => {
    await runLine(
      sandbox,
      'mkdir -p m/in/deep; echo 1 > m/in/deep/x; echo 2 > m/y; ln -s nowhere m/link; mkfifo m/pipe',
    )
    const names = ['/home/user/m/in', '/home/user/m/link', '/home/user/m/pipe', '/home/user/m/y']
    expect(await list('m')).toEqual(names)
    expect(await list('m', 3)).toEqual([
      '/home/user/m/in',
      '/home/user/m/in/deep',
      '/home/user/m/in/deep/x',
      ...names.slice(1),
    ])
    const [link] = readLines(await runTask(sandbox, { name: 'stat', path: 'm/link' }))
    expect(link).toMatchObject({ type: 'symlink', symlinkTarget: 'nowhere' })
    await runTask(sandbox, { name: 'move', from: 'm/in', to: '/tmp/other/in' })
    expect((await runTask(sandbox, { name: 'read', path: '/tmp/other/in/deep/x' })).toString()).toBe('1\n')
    await runTask(sandbox, { name: 'move', from: '/tmp/other/in/deep/x', to: 'm/y' })
    expect((await runTask(sandbox, { name: 'read', path: 'm/y' })).toString()).toBe('1\n')
    await runTask(sandbox, { name: 'mkdir', path: 'm/new/folder' })
    await runTask(sandbox, { name: 'remove', path: 'm' })
    expect(await failTask(sandbox, { name: 'stat', path: 'm' })).toBe('file-not-found')
  })

  it('that cannot be used are refused with a code, and nothing waits for a device or a FIFO', async () => {
    await runLine(sandbox, 'mkfifo fifo; mkdir -p full/of; ln -s loop loop; echo > plain')
    const codes: [Parameters<typeof failTask>[1], string][] = [
      [{ name: 'read', path: 'fifo' }, 'not-a-file'],
      [{ name: 'read', path: '/dev/zero' }, 'not-a-file'],
      [{ name: 'read', path: 'full' }, 'not-a-file'],
      [{ name: 'write', path: 'fifo' }, 'not-a-file'],
      [{ name: 'write', path: '/usr/new' }, 'path-refused'],
      [{ name: 'write', path: 'plain/inside' }, 'not-a-directory'],
      [{ name: 'read', path: 'loop' }, 'path-refused'],
      [{ name: 'read', path: 'a\0b' }, 'path-refused'],
      [{ name: 'read', path: `${'d/'.repeat(2_100)}x` }, 'path-refused'],
      [{ name: 'write', path: 'n'.repeat(256) }, 'path-refused'],
      [{ name: 'read', path: '/proc/1/environ' }, 'path-refused'],
      [{ name: 'read', path: 'missing' }, 'file-not-found'],
      [{ name: 'list', path: 'plain', depth: 1 }, 'not-a-directory'],
      [{ name: 'mkdir', path: 'full' }, 'file-exists'],
      [{ name: 'move', from: 'plain', to: 'full' }, 'file-exists'],
      [{ name: 'move', from: 'missing', to: 'x' }, 'file-not-found'],
      [{ name: 'remove', path: 'missing' }, 'file-not-found'],
      [{ name: 'watch', path: 'missing', recursive: true }, 'file-not-found'],
      [{ name: 'archive', path: 'missing', format: 'tar' }, 'file-not-found'],
    ]
    const found = await Promise.all(codes.map(async ([task]) => [task, await failTask(sandbox, task)]))
    expect(found).toEqual(codes)
    expect((await runTask(sandbox, { name: 'read', path: '/etc/../etc/hostname' })).toString()).toBe('sandbox\n')
    expect((await runTask(sandbox, { name: 'read', path: '/proc/self/comm' })).toString()).not.toBe('')
  })

  it('are archived as tar and zip, with links as links', async () => {
    await runLine(
      sandbox,
      'mkdir -p z/in "z/-x"; echo 1 > z/in/one; ln -s /etc/passwd z/link; mkfifo z/pipe; truncate -s 30M z/hole',
    )
    for (const [format, unpack] of [
      ['tar', 'tar -xf -'],
      ['zip', 'cat > a.zip; unzip -q a.zip; rm a.zip'],
    ] as const) {
      const archive = await runTask(sandbox, { name: 'archive', path: 'z', format })
      expect(archive.length).toBeLessThan(MIB)
      const unpacking = sandbox.start({
        argv: [
          'bash',
          '-c',
          `mkdir ${format}; cd ${format}; ${unpack}; ls -A; readlink link; cat in/one; stat -c %s hole`,
        ],
        wallMs: 20_000,
        cpuMs: null,
        outputBytes: null,
      })
      await unpacking.write(archive)
      unpacking.end()
      const { stdout } = await finish(unpacking)
      expect(stdout.toString()).toBe(
        `-x\nhole\nin\nlink\n${format === 'tar' ? 'pipe\n' : ''}/etc/passwd\n1\n${30 * MIB}\n`,
      )
    }
    const one = await runTask(sandbox, { name: 'archive', path: 'z/in/one', format: 'tar' })
    expect(one.subarray(0, 4).toString()).toBe('one\0')
  })

  it('leave nothing half-written when an upload is cut off', async () => {
    const upload = sandbox.task({ name: 'write', path: 'cut/file' })
    // More than waits on the way, so that the task has begun.
    await upload.write(randomBytes(4 * MIB))
    upload.stop()
    expect((await finish(upload)).outcome).toEqual({ type: 'canceled' })
    expect(await list('cut')).toEqual([])
  })

  it('are 10,000 in a folder, and listed line by line', async () => {
    await runLine(sandbox, 'mkdir many; cd many; seq -f "file with a name %g" 5000 | tr "\\n" "\\0" | xargs -0 touch')
    expect((await list('many')).length).toBe(5_000)
  })

  it('fill the disk, which is told as such, and the disk can be used again', async () => {
    const big = Buffer.alloc(70 * MIB)
    expect(await failTask(sandbox, { name: 'write', path: 'big' }, big)).toBe('disk-full')
    await runTask(sandbox, { name: 'write', path: 'big' }, big.subarray(0, MIB))
  })
})

describe('A watcher', () => {
  it('tells what happens to files, also in folders that are made later', async () => {
    await runLine(sandbox, 'mkdir -p w/old')
    const watcher = sandbox.task({ name: 'watch', path: 'w', recursive: true })
    const seen: Record<string, unknown>[] = []
    for await (const { bytes } of watcher.output) {
      seen.push(...readLines(bytes))
      if (seen.length === 1) {
        void runLine(
          sandbox,
          'cd w; echo > old/a; mkdir new; sleep 0.3; echo > new/b; mv new/b c; rm -r old; mv ../w ../v',
        )
      }
    }
    expect(seen.map(({ type, path }) => `${type} ${path}`.replace('/home/user/', ''))).toEqual([
      'ready undefined',
      'create w/old/a',
      'write w/old/a',
      'create w/new',
      'create w/new/b',
      'write w/new/b',
      'rename w/new/b',
      'create w/c',
      'remove w/old/a',
      'remove w/old',
      'rename w',
    ])
    expect((await watcher.exit).outcome).toEqual({ type: 'exited', exitCode: 0 })
  })

  it('of more folders than it may says so', async () => {
    await runLine(sandbox, 'mkdir -p crowd; cd crowd; seq 2001 | xargs mkdir')
    expect(await failTask(sandbox, { name: 'watch', path: 'crowd', recursive: true })).toBe('path-refused')
    const flat = sandbox.task({ name: 'watch', path: 'crowd', recursive: false })
    await flat.pid
    flat.stop()
    expect((await finish(flat)).outcome).toEqual({ type: 'canceled' })
  })
})

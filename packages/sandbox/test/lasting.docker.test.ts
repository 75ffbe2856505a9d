import { LANGUAGES } from '@runnel/languages'
import { afterAll, describe, expect, it } from 'vitest'
import { createTestSandboxes } from './docker-fixture.ts'
import { finish, hold, LASTING_LIMITS, runLine, toCommand } from './lasting.ts'

const sandboxes = createTestSandboxes({
  languages: LANGUAGES.slice(0, 1),
  lasting: { poolMin: 0, limits: LASTING_LIMITS },
})
afterAll(() => sandboxes[Symbol.asyncDispose]())

const EXITED = { type: 'exited', exitCode: 0 }

describe('A sandbox that lasts', () => {
  it('runs commands one after another and at the same time, and keeps their files', async () => {
    await using sandbox = await hold(sandboxes)
    expect(await runLine(sandbox, 'echo hello; echo oops >&2; pwd; id -un')).toMatchObject({
      stdout: 'hello\n/home/user\nrunner\n',
      stderr: 'oops\n',
      outcome: EXITED,
    })
    await runLine(sandbox, 'echo kept > file; mkdir -p /mnt/data/x; touch /workspace/y /tmp/z')
    const both = [runLine(sandbox, 'cat file; read -t 20 < <(sleep 0.2); echo slow'), runLine(sandbox, 'cat file')]
    expect((await Promise.all(both)).map(({ stdout }) => stdout)).toEqual(['kept\nslow\n', 'kept\n'])
    expect((await runLine(sandbox, 'ls -d /mnt/data/x /workspace/y /tmp/z')).outcome).toEqual(EXITED)
  })

  it('says the process id, takes input until it ends, and says how a command ended', async () => {
    await using sandbox = await hold(sandboxes)
    const cat = sandbox.start(toCommand('echo $$; cat; exit 3'))
    const pid = await cat.pid
    await cat.write(Buffer.from('a line\n'))
    cat.end()
    expect(await finish(cat)).toMatchObject({
      stdout: Buffer.from(`${pid}\na line\n`),
      outcome: { type: 'exited', exitCode: 3 },
    })
    const asleep = sandbox.start(toCommand('exec sleep 60'))
    await asleep.pid
    asleep.signal('SIGTERM')
    expect((await asleep.exit).outcome).toEqual({ type: 'signaled', signal: 'SIGTERM' })
    expect(await runLine(sandbox, '', { argv: ['no-such-program'] })).toMatchObject({
      stderr: 'no-such-program: No such file or directory\n',
      outcome: { type: 'exited', exitCode: 127 },
    })
  })

  it('has the variables of its sandbox and of its command, and what a command left running lives on', async () => {
    await using sandbox = await hold(sandboxes, { env: { A: '1', B: '1' } })
    const { stdout } = await runLine(sandbox, 'echo $A $B $HOME; sleep 60 & echo $!', { env: { B: '2' } })
    const [words, pid] = stdout.split('\n')
    expect(words).toBe('1 2 /home/user')
    expect((await runLine(sandbox, `kill -0 ${pid}`)).outcome).toEqual(EXITED)
  })
})

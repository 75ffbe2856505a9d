import { LANGUAGES } from '@runnel/languages'
import { eventually } from '@runnel/testing'
import Docker from 'dockerode'
import { afterAll, describe, expect, it } from 'vitest'
import { createTestSandboxes } from './docker-fixture.ts'
import { finish, hold, LASTING_LIMITS, runLine, runTask, toCommand } from './lasting.ts'

const sandboxes = createTestSandboxes({ languages: LANGUAGES.slice(0, 1) })
afterAll(() => sandboxes[Symbol.asyncDispose]())

const EXITED = { type: 'exited', exitCode: 0 }

/** Waits until a line of shell prints this. */
const printsSoon = (sandbox: Awaited<ReturnType<typeof hold>>, line: string, wanted: string) =>
  eventually(async () => expect((await runLine(sandbox, line)).stdout).toBe(wanted))

describe('In a sandbox that lasts', () => {
  it('limits end a command with all that descends from it, and nothing else', async () => {
    await using sandbox = await hold(sandboxes)
    const server = sandbox.start(toCommand('exec sleep 61', { wallMs: null }))
    await server.pid
    const slow = await runLine(
      sandbox,
      'trap "" TERM; sleep 62 & setsid sleep 63 & (setsid sleep 65 &); wait; sleep 64',
      { wallMs: 200 },
    )
    expect(slow.outcome).toEqual({ type: 'timed-out', limit: 'wall', limitMs: 200 })
    const busy = await runLine(sandbox, 'while :; do :; done & while :; do :; done', { cpuMs: 300 })
    expect(busy.outcome).toEqual({ type: 'timed-out', limit: 'cpu', limitMs: 300 })
    const loud = await runLine(sandbox, 'yes & yes', { outputBytes: 100_000 })
    expect([loud.outcome.type, loud.stdout.length]).toEqual(['output-limit', 100_000])
    await printsSoon(sandbox, 'ps -eo args= | grep -E "^(sleep|bash|yes)" | grep -v ps', 'sleep 61\n')
    server.stop()
    expect((await server.exit).outcome).toEqual({ type: 'canceled' })
  })

  it('memory that runs out ends one command, and its files and the others live on', async () => {
    await using sandbox = await hold(sandboxes)
    await runLine(sandbox, 'echo kept > file')
    const other = sandbox.start(toCommand('exec cat'))
    await other.pid
    const greedy = await runLine(sandbox, '', {
      argv: ['python3', '-c', 'x = []\nwhile True: x.append(bytearray(1 << 20))'],
    })
    expect(greedy.outcome).toEqual({ type: 'out-of-memory', limitBytes: LASTING_LIMITS.memoryBytes })
    await other.write(Buffer.from('alive'))
    other.end()
    const { stdout, outcome } = await finish(other)
    expect([stdout.toString(), outcome]).toEqual(['alive', EXITED])
    // A child of a shell, while another command runs.
    const bystander = sandbox.start(toCommand('exec cat'))
    await bystander.pid
    const shell = await runLine(sandbox, `python3 -c 'x = []\nwhile True: x.append(bytearray(1 << 20))'; exit $?`)
    const limitsHit = [{ limit: 'memoryBytes', value: LASTING_LIMITS.memoryBytes }]
    expect(shell.outcome).toEqual({ type: 'exited', exitCode: 137, limitsHit })
    bystander.signal('SIGKILL')
    expect((await bystander.exit).outcome).toEqual({ type: 'signaled', signal: 'SIGKILL' })
    expect((await runLine(sandbox, 'cat file')).stdout).toBe('kept\n')
  })

  it('a command with a terminal and one that closes its streams run, and a flood waits for its reader', async () => {
    await using sandbox = await hold(sandboxes)
    const shell = sandbox.start({ ...toCommand('read line; stty size'), terminal: { cols: 90, rows: 30 } })
    await shell.pid
    shell.resize({ cols: 100, rows: 40 })
    await shell.write(Buffer.from('x\n'))
    expect((await finish(shell)).stdout.toString()).toBe('x\r\n40 100\r\n')
    const silent = await runLine(sandbox, 'exec <&- >&- 2>&-; sleep 0.2; exit 5')
    expect(silent.outcome).toEqual({ type: 'exited', exitCode: 5 })
    // Nobody reads it.
    const flood = sandbox.start(toCommand('exec yes', { wallMs: null }))
    const pid = await flood.pid
    const cpu = `cut -d' ' -f14,15 /proc/${pid}/stat`
    await eventually(async () => {
      const before = (await runLine(sandbox, cpu)).stdout
      await runLine(sandbox, 'sleep 0.2')
      expect((await runLine(sandbox, cpu)).stdout).toBe(before)
    })
    flood.stop()
    expect((await finish(flood)).outcome).toEqual({ type: 'canceled' })
  })

  it('numbers of the whole sandbox can be asked for', async () => {
    await using sandbox = await hold(sandboxes)
    const before = await sandbox.metrics()
    const server = sandbox.start(toCommand('head -c 10M /dev/zero > file; exec sleep 60', { wallMs: null }))
    await server.pid
    await printsSoon(sandbox, 'stat -c %s file', `${10 << 20}\n`)
    const after = await sandbox.metrics()
    expect(after.processes).toBe(1)
    expect((after.diskBytes ?? 0) - (before.diskBytes ?? 0)).toBe(10 << 20)
    expect((after.memoryBytes ?? 0) - (before.memoryBytes ?? 0)).toBeGreaterThanOrEqual(10 << 20)
    expect(after.cpuMs ?? 0).toBeGreaterThan(before.cpuMs ?? 0)
  })

  it('no time passes while it is paused, not for a limit either, and it goes on where it was', async () => {
    await using sandbox = await hold(sandboxes)
    const counting = sandbox.start(
      toCommand('n=0; while sleep 0.05; do n=$((n+1)); echo $n > n; done', { wallMs: null }),
    )
    const limited = sandbox.start(toCommand('sleep 0.4; echo done', { wallMs: 1_500 }))
    await Promise.all([counting.pid, limited.pid])
    await sandbox.pause()
    await expect(sandbox.metrics()).rejects.toThrow('The sandbox is paused')
    const late = runLine(sandbox, 'cat n') // waits
    await new Promise((resolve) => setTimeout(resolve, 2_000))
    await sandbox.resume()
    expect((await finish(limited)).stdout.toString()).toBe('done\n')
    expect(Number((await late).stdout)).toBeLessThan(20)
    expect((await runLine(sandbox, 'true')).outcome).toEqual(EXITED)
  })

  it('a paused sandbox that is disposed of is gone at once', async () => {
    const sandbox = await hold(sandboxes)
    await sandbox.pause()
    await sandbox[Symbol.asyncDispose]()
    await eventually(async () => {
      const ids = (await sandboxes.containers()).map(({ Id }) => Id.slice(0, 12))
      expect(ids).not.toContain(sandbox.id)
    })
  })

  it('a container that is killed from outside ends it, and everything that waits says so', async () => {
    await using sandbox = await hold(sandboxes)
    const waiting = sandbox.start(toCommand('sleep 60'))
    await waiting.pid
    await new Docker().getContainer(sandbox.id).kill()
    expect((await sandbox.ended).ending).toBe('sandbox-failed')
    await expect(waiting.exit).rejects.toThrow('The sandbox has ended')
    await expect(finish(waiting)).rejects.toThrow('The sandbox has ended')
    await expect(runTask(sandbox, { name: 'list', path: '.', depth: 1 })).rejects.toThrow('The sandbox has ended')
  })
})

describe('A hostile program in a sandbox that lasts', () => {
  it('cannot reach process 1, and what it makes of its own processes hurts only its sandbox', async () => {
    await using sandbox = await hold(sandboxes)
    const { stdout } = await runLine(
      sandbox,
      `kill -9 1 2>&1; for f in environ mem maps cwd root exe fd; do cat /proc/1/$f 2>&1 | head -c 1; ls /proc/1/$f/ >&- 2>&- && echo reached $f; done;
       python3 -c 'import os
for signal in range(1, 65):
    try: os.kill(1, signal); print("sent", signal)
    except PermissionError: pass'`,
    )
    expect(stdout).not.toMatch(/reached|sent/)
    // It stops all other processes of its user, the moment they appear.
    const stopper = sandbox.start(
      toCommand('', {
        argv: [
          'python3',
          '-c',
          'import os, signal\nsignal.signal(signal.SIGHUP, signal.SIG_IGN)\nprint(flush=True)\nwhile True:\n  for p in os.listdir("/proc"):\n    if p.isdigit() and int(p) != os.getpid():\n      try: os.kill(int(p), 19)\n      except OSError: pass',
        ],
        wallMs: null,
      }),
    )
    for await (const _ of stopper.output) break
    const stuck = await runLine(sandbox, 'sleep 0.5', { wallMs: 1_000 })
    expect(stuck.outcome).toMatchObject({ type: 'timed-out', limit: 'wall' })
    expect((await sandbox.metrics()).processes).toBe(1)
    stopper.signal('SIGKILL')
    expect((await stopper.exit).outcome).toEqual({ type: 'signaled', signal: 'SIGKILL' })
    expect((await runLine(sandbox, 'echo on')).stdout).toBe('on\n')
  })

  it('that uses up all processes leaves room for a command that ends them, and for files', async () => {
    await using sandbox = await hold(sandboxes)
    const bomb = sandbox.start(toCommand('b() { b | b & }; b; sleep 60', { wallMs: null }))
    await bomb.pid
    await eventually(async () => expect((await sandbox.metrics()).processes).toBeGreaterThanOrEqual(60))
    await runTask(sandbox, { name: 'write', path: 'file' }, Buffer.from('x'))
    const killer = sandbox.start(toCommand('', { argv: ['bash', '-c', 'kill -9 -1'] }))
    await killer.exit
    await eventually(async () => {
      await killer.exit
      if (((await sandbox.metrics()).processes ?? 0) > 0) await finish(sandbox.start(toCommand('kill -9 -1')))
      expect((await sandbox.metrics()).processes).toBe(0)
    })
    expect((await runTask(sandbox, { name: 'read', path: 'file' })).toString()).toBe('x')
  })

  it('that leaves daemons and opens the terminals of others is gone with its sandbox', async () => {
    const sandbox = await hold(sandboxes)
    const shell = sandbox.start({ ...toCommand('exec sleep 60'), terminal: { cols: 80, rows: 24 } })
    await shell.pid
    const daemons = `import os, time
for _ in range(20):
    if os.fork() == 0:
        os.setsid()
        if os.fork(): os._exit(0)
        for fd in range(3): os.close(fd)
        held = [os.open(f"/dev/pts/{n}", os.O_RDWR | os.O_NOCTTY) for n in os.listdir("/dev/pts") if n.isdigit()]
        while True: time.sleep(1)
print(os.listdir("/dev/pts"))`
    expect((await runLine(sandbox, '', { argv: ['python3', '-c', daemons] })).outcome).toEqual(EXITED)
    await eventually(async () => expect((await sandbox.metrics()).processes).toBe(21))
    const container = new Docker().getContainer(sandbox.id)
    const [{ State }] = [await container.inspect()]
    await sandbox[Symbol.asyncDispose]()
    await eventually(async () => {
      await expect(container.inspect()).rejects.toMatchObject({ statusCode: 404 })
      expect(() => process.kill(State.Pid, 0)).toThrow('ESRCH')
    })
  })
})

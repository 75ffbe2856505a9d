import { availableParallelism, constants } from 'node:os'
import { defaultLimits } from '@runnel/contract/public'
import { LANGUAGES } from '@runnel/languages'
import { eventually } from '@runnel/testing'
import Docker from 'dockerode'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestSandboxes, type TestSandboxes } from './docker-fixture.ts'
import { type RunOptions, run } from './run.ts'

const { errno } = constants

describe('A sandbox that serves one tenant', () => {
  let sandboxes: TestSandboxes
  beforeAll(() => {
    sandboxes = createTestSandboxes()
  })
  afterAll(() => sandboxes[Symbol.asyncDispose]())

  /** Runs it as a job of this tenant, and returns the container too. The tenant's next job finds that container ready again. */
  const runAs = async (tenant: string, options: RunOptions) => {
    let sandbox = ''
    const result = await run(sandboxes, { ...options, tenantId: tenant, onSandbox: ({ id }) => (sandbox = id) })
    const [stdout, stderr] = [result.stdout.toString(), result.stderr.toString()]
    return { ...result, stdout, stderr, sandbox }
  }

  /** What the next job finds after one that leaves something. Fails if the two did not run in the same container. */
  const afterwards = async (tenant: string, leave: string, look: string): Promise<string> => {
    const first = await runAs(tenant, { source: `${leave}\nprint("left")` })
    expect(first.stderr).toBe('')
    expect(first.stdout).toBe('left\n')
    const next = await again(tenant, first.sandbox, look)
    expect(next.stderr).toBe('')
    expect(next.sandbox, 'the next job came into the same container').toBe(first.sandbox)
    return next.stdout.trim()
  }

  /** A job does not wait for a container that takes long to clean, and may get another one. This waits for it. */
  const again = (tenant: string, sandbox: string, source: string) =>
    eventually(
      async () => {
        const result = await runAs(tenant, { source })
        if (result.sandbox !== sandbox && (await isThere(sandbox))) throw new Error('It went into another container')
        return result
      },
      { withinMs: 20_000 },
    )

  const isThere = async (sandbox: string): Promise<boolean> =>
    (await sandboxes.containers()).some(({ Id, State }) => Id.startsWith(sandbox) && State === 'running')

  it('is used again, each time by a new user called runner, with each program forked from the same interpreter', async () => {
    const source = 'import pwd; print(pwd.getpwnam("runner").pw_uid, end="")'
    const first = await runAs('again', { source })
    const uids = new Set([first.stdout])
    expect(first.stdout).toMatch(/^\d+$/)
    for (let jobs = 1; jobs < 20; jobs += 1) {
      const next = await again('again', first.sandbox, source)
      expect(next.warm).toBe(true)
      expect(next.sandbox).toBe(first.sandbox)
      expect(uids, 'a user comes once').not.toContain(next.stdout)
      uids.add(next.stdout)
    }
  })

  it('never serves another tenant, or a job with isolation "job"', async () => {
    const mine = await runAs('mine', { source: 'print(1)' })
    const others = await Promise.all(['yours', 'theirs'].map((tenant) => runAs(tenant, { source: 'print(1)' })))
    let alone = ''
    await run(sandboxes, { source: 'print(1)', onSandbox: ({ id }) => (alone = id) })
    for (const other of [...others.map(({ sandbox }) => sandbox), alone]) expect(other).not.toBe(mine.sandbox)
  })

  it('handles files, output and outcome exactly like a sandbox for one job', async () => {
    const source = { 'main.py': 'import sys, part\nprint(part.word)\nsys.exit(3)', 'part.py': 'word = "there"' }
    for (let jobs = 0; jobs < 3; jobs += 1) {
      const { stdout, outcome } = await runAs('exact', { source })
      expect(stdout).toBe('there\n')
      expect(outcome).toEqual({ type: 'exited', exitCode: 3 })
    }
  })

  it.each([
    ['javascript', 'console.log(require("fs").readdirSync(".").join())', 'main.js'],
    ['typescript', 'const names: string[] = require("fs").readdirSync("."); console.log(names.join())', 'main.ts'],
    ['bash', 'ls', 'main.sh'],
  ])('serves %s as well', async (language, source, found) => {
    const first = await runAs(language, { language, source })
    expect(first.stdout).toBe(`${found}\n`)
    expect((await runAs(language, { language, source })).stdout).toBe(`${found}\n`)
  })

  it('starts a new interpreter for a job with variables or arguments, and is used again', async () => {
    const source = 'import os, sys; print(sys.argv[1:], os.environ.get("OWN"))'
    const cold = await runAs('cold', { source, program: { args: ['a'], env: { OWN: '1' } } })
    expect(cold.stdout).toBe("['a'] 1\n")
    const next = await again('cold', cold.sandbox, source)
    expect(next).toMatchObject({ stdout: '[] None\n', warm: true, sandbox: cold.sandbox })
  })

  it('keeps the rights of its container unchanged', async () => {
    const { sandbox } = await runAs('powers', { source: 'print(1)' })
    const { HostConfig } = await new Docker().getContainer(sandbox).inspect()
    expect(HostConfig.CapAdd?.toSorted()).toEqual(['CHOWN', 'KILL', 'SETGID', 'SETUID'])
    expect(HostConfig).toMatchObject({ Privileged: false, ReadonlyRootfs: true, NetworkMode: 'none' })
  })

  it('enforces each job’s own limits of memory and processes', async () => {
    const limits = { ...defaultLimits(), memoryBytes: 96 * 1024 * 1024 }
    const greedy = { source: 'x = bytearray(150 * 1024 * 1024)\nprint(len(x))' }
    expect((await runAs('limits', greedy)).outcome).toEqual({ type: 'exited', exitCode: 0 })
    expect((await runAs('limits', { ...greedy, limits })).outcome).toEqual({
      type: 'out-of-memory',
      limitBytes: limits.memoryBytes,
    })
    expect((await runAs('limits', greedy)).outcome).toEqual({ type: 'exited', exitCode: 0 })
  })

  describe('after a job that leaves', () => {
    const NONE = '[]'
    const walk =
      'import os\nprint([os.path.join(f, n) for r in ("/workspace", "/tmp", "/dev/shm", "/dev/mqueue") for f, ds, ns in os.walk(r) for n in ds + ns if n != "main.py"])'
    const processes =
      'import os\nme = os.getpid()\nprint([p for p in os.listdir("/proc") if p.isdigit() and int(p) != me and f"Uid:\\t0" not in open(f"/proc/{p}/status").read()])'

    it.each([
      [
        'processes that have left its session twice over and ignore every signal',
        `import os, signal, time
for _ in range(5):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            for n in range(1, 65):
                try: signal.signal(n, signal.SIG_IGN)
                except (OSError, ValueError): pass
            os.closerange(0, 3)
            while True: time.sleep(1)
        os._exit(0)`,
        processes,
      ],
      [
        'processes that continue to print',
        'import os, time\nif os.fork() == 0:\n    while True:\n        try: print(end="", flush=True); time.sleep(0.01)\n        except OSError: pass',
        processes,
      ],
      [
        'files in every folder where it can write, and names that are not text',
        'import os\nfor r in ("/workspace", "/tmp", "/dev/shm"):\n    os.makedirs(f"{r}/a/b/c")\n    for n in (b"x", b"\\xff\\xfe", b"-rf", b" \\n"):\n        open(r.encode() + b"/a/b/" + n, "w").write("secret")',
        walk,
      ],
      [
        'folders closed to everybody',
        'import os\nfor r in ("/workspace", "/tmp", "/dev/shm"):\n    os.makedirs(f"{r}/a/b")\n    open(f"{r}/a/b/c", "w").close()\n    os.chmod(f"{r}/a/b/c", 0)\n    os.chmod(f"{r}/a/b", 0)\n    os.chmod(f"{r}/a", 0)',
        walk,
      ],
      [
        'folders deeper than any path',
        'import os\nos.chdir("/tmp")\nfor _ in range(1500):\n    os.mkdir("d" * 100)\n    os.chdir("d" * 100)',
        walk,
      ],
      [
        'links out of its places',
        'import os\nos.symlink("/etc", "/tmp/l")\nos.symlink("/workspace/main.py", "/dev/shm/m")\nos.link("main.py", "hard")',
        walk,
      ],
      [
        'sockets and pipes with names',
        'import os, socket\nos.mkfifo("/tmp/f")\ns = socket.socket(socket.AF_UNIX)\ns.bind("/tmp/s")\ns.listen()',
        walk,
      ],
    ])('%s: none of it', async (name, leave, look) => {
      expect(await afterwards(name, leave, look)).toBe(NONE)
    })

    it('as many processes as it may: the next job finds none of them, perhaps in another container', async () => {
      const bomb =
        'import os\nif os.fork() == 0:\n    os.setsid()\n    os.closerange(0, 3)\n    while True:\n        try: os.fork()\n        except OSError: pass'
      // The bomb may reach its limit before the end is reported.
      expect((await runAs('bomb', { source: bomb })).outcome).toMatchObject({ type: 'exited', exitCode: 0 })
      expect((await runAs('bomb', { source: processes })).stdout.trim()).toBe(NONE)
    })

    it('a workspace with another mode and time: it is closed to others again', async () => {
      const leave = 'import os\nos.chmod(".", 0o777)\nos.utime(".", (1, 1))'
      const look =
        'import os\ns = os.stat(".")\nprint(oct(s.st_mode & 0o7777), s.st_uid == os.getuid(), s.st_mtime > 1000)'
      expect(await afterwards('mode', leave, look)).toBe('0o700 True True')
    })

    it('terminals that it opened, one with a program on it: none is there', async () => {
      const leave =
        'import os, pty, time\nfor _ in range(10): os.openpty()\nif pty.fork()[0] == 0:\n    time.sleep(60)\ntime.sleep(0.2)'
      expect(await afterwards('terminals', leave, 'import os\nprint(os.listdir("/dev/pts"))')).toBe("['ptmx']")
    })

    it('its own terminal: the next job has its own, or none', async () => {
      const source = 'import os\nprint(os.listdir("/dev/pts"), os.get_terminal_size() if os.isatty(0) else "")'
      const first = await runAs('terminal', { source, program: { terminal: { cols: 100, rows: 30 } } })
      expect(first.stdout).toBe("['0', 'ptmx'] os.terminal_size(columns=100, lines=30)\r\n")
      expect((await again('terminal', first.sandbox, source)).stdout).toBe("['ptmx'] \n")
      const last = await runAs('terminal', { source, program: { terminal: { cols: 80, rows: 24 } } })
      expect(last.stdout).toBe("['0', 'ptmx'] os.terminal_size(columns=80, lines=24)\r\n")
    })

    it('locks on files of the image: they are free', async () => {
      const leave =
        'import fcntl, os, time\nif os.fork() == 0:\n    os.setsid()\n    f = open("/etc/passwd")\n    fcntl.flock(f, fcntl.LOCK_EX)\n    time.sleep(60)\ntime.sleep(0.2)'
      const look = 'import fcntl\nfcntl.flock(open("/etc/passwd"), fcntl.LOCK_EX | fcntl.LOCK_NB)\nprint("free")'
      expect(await afterwards('locks', leave, look)).toBe('free')
    })

    it('open ports, by number and by name: they are free', async () => {
      const leave =
        'import os, socket, time\ns = socket.create_server(("127.0.0.1", 8000))\nu = socket.socket(socket.AF_UNIX)\nu.bind("\\0name")\nif os.fork() == 0:\n    os.setsid()\n    time.sleep(60)'
      const look =
        'import socket\ns = socket.socket()\ns.bind(("127.0.0.1", 8000))\nu = socket.socket(socket.AF_UNIX)\nu.bind("\\0name")\nprint("free")'
      expect(await afterwards('ports', leave, look)).toBe('free')
    })

    it('timers and a limit of its own processes: the next one has neither', async () => {
      const leave =
        'import resource, signal\nsignal.setitimer(signal.ITIMER_REAL, 0.5)\nsignal.alarm(1)\nresource.setrlimit(resource.RLIMIT_NOFILE, (10, 10))'
      const look =
        'import resource, signal, time\ntime.sleep(1.2)\nprint(signal.getitimer(signal.ITIMER_REAL), resource.getrlimit(resource.RLIMIT_NOFILE)[0] > 10)'
      expect(await afterwards('timers', leave, look)).toBe('(0.0, 0.0) True')
    })

    it.each([
      ['System V shared memory', 'import ctypes\nassert ctypes.CDLL(None).shmget(7, 4096, 0o1666) >= 0'],
      ['System V semaphores', 'import ctypes\nassert ctypes.CDLL(None).semget(7, 1, 0o1666) >= 0'],
      ['a System V message queue', 'import ctypes\nassert ctypes.CDLL(None).msgget(7, 0o1666) >= 0'],
      [
        'a connection that the kernel still winds up',
        'import socket\ns = socket.create_server(("127.0.0.1", 8001))\nc = socket.create_connection(("127.0.0.1", 8001))\na, _ = s.accept()\na.close()\nassert c.recv(1) == b""\nc.close()',
      ],
      ['an attribute of the workspace', 'import os\nos.setxattr(".", "user.note", b"secret")'],
      [
        'a flag of the workspace',
        'import fcntl, os\nfcntl.ioctl(os.open(".", os.O_RDONLY), 0x40086602, (0x40).to_bytes(8, "little"))',
      ],
    ])('%s: it is not used again', async (name, leave) => {
      const first = await runAs(name, {
        source: `try:\n    exec(${JSON.stringify(leave)})\n    print("left")\nexcept OSError as error: print(error.errno)`,
      })
      // A kernel that has no attributes or flags in memory leaves nothing either.
      const isRefused = first.stdout === `${errno.EOPNOTSUPP}\n` || first.stdout === `${errno.ENOTTY}\n`
      if (!isRefused) expect([first.stdout, first.stderr]).toEqual(['left\n', ''])
      const next = await again(name, first.sandbox, 'print("next")')
      expect(next.stdout).toBe('next\n')
      expect(next.sandbox === first.sandbox).toBe(isRefused)
    })
  })

  it('ends a program that kills everything that comes to end it, and every process that holds its output', async () => {
    const source =
      'import os, signal\nfor _ in range(3):\n    if os.fork() == 0:\n        os.setsid()\n        while True:\n            try: os.kill(-1, signal.SIGKILL)\n            except OSError: pass\nwhile True: pass'
    const { outcome } = await runAs('killers', { source, limits: { wallMs: 1_000 } })
    // The killers also kill the program, or each other first.
    expect(outcome).toBeOneOf([
      { type: 'signaled', signal: 'SIGKILL' },
      { type: 'timed-out', limit: 'wall', limitMs: 1_000 },
    ])
    expect((await runAs('killers', { source: 'print("next")' })).stdout).toBe('next\n')
  })

  it('is replaced after it has served as many jobs as it may', async () => {
    await using few = createTestSandboxes({ jobsPerContainer: 2 })
    const used: string[] = []
    for (let jobs = 0; jobs < 8; jobs += 1) {
      await run(few, { source: 'print(1)', tenantId: 'few', onSandbox: ({ id }) => used.push(id) })
    }
    const counts = [...new Set(used)].map((id) => used.filter((other) => other === id).length)
    // A job gets another container while the tenant's own is cleaned, so some may have served one.
    expect(Math.max(...counts)).toBe(2)
  })

  it('serves many at once, each with its own answer', async () => {
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, index) => runAs('many', { source: `print(${index})` })),
    )
    expect(answers.map(({ stdout }) => stdout)).toEqual(Array.from({ length: 40 }, (_, index) => `${index}\n`))
  })

  it('uses few containers for many short programs, and one for each program that runs for long', {
    timeout: 60_000,
  }, async () => {
    const enough = availableParallelism() * 4
    await using sandboxes = createTestSandboxes({
      languages: LANGUAGES.filter(({ id }) => id === 'bash'),
      poolMin: enough,
      poolMax: enough * 20,
    })
    const countRunning = async () => (await sandboxes.containers()).filter(({ State }) => State === 'running').length
    await eventually(async () => (await countRunning()) === enough, { withinMs: 30_000 })
    const used = new Set<string>()
    const runMany = (count: number, inFlight: number, source: string) => {
      used.clear()
      let started = 0
      const loop = async () => {
        while (started < count) {
          started += 1
          await run(sandboxes, { language: 'bash', source, tenantId: 'one', onSandbox: ({ id }) => used.add(id) })
        }
      }
      return Promise.all(Array.from({ length: inFlight }, loop))
    }
    await runMany(enough * 40, enough * 10, 'echo')
    // The tenant's own, those in the pool, and some for the moment before the first one came back.
    expect((await sandboxes.containers()).length).toBeLessThanOrEqual(3 * enough)
    const many = enough + 4
    await runMany(many, many, 'sleep 4')
    expect(used.size).toBe(many)
  })
})

import type { Control } from '@runnel/contract/internal'
import { defaultLimits } from '@runnel/contract/public'
import { eventually } from '@runnel/testing'
import Docker from 'dockerode'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { encodeFrame } from '../src/agent/frames.ts'
import { toUidRange } from '../src/docker/uids.ts'
import type { LeaseRequest } from '../src/index.ts'
import { createTestSandboxes, type TestSandboxes } from './docker-fixture.ts'
import { run as runIn, runInside } from './run.ts'

const docker = new Docker()

describe('A program in a container', () => {
  let sandboxes: TestSandboxes
  beforeAll(() => {
    sandboxes = createTestSandboxes()
  })
  afterAll(() => sandboxes[Symbol.asyncDispose]())

  /** For each expression its value, or the name of its error, in order. */
  const ask = async (...expressions: string[]): Promise<unknown[]> => {
    const source = `import os, sys, socket, json, errno, ctypes, signal, pathlib
libc = ctypes.CDLL(None, use_errno=True)
def call(number, *args):
    result = libc.syscall(number, *args)
    return errno.errorcode.get(ctypes.get_errno()) if result < 0 else result
answers = []
for expression in json.loads(sys.stdin.read()):
    try: answers.append(eval(expression))
    except OSError as error: answers.append(errno.errorcode.get(error.errno, str(error)))
print(json.dumps(answers))`
    const { stdout, stderr } = await runIn(sandboxes, { source, program: { stdin: JSON.stringify(expressions) } })
    expect(stderr.toString()).toBe('')
    return JSON.parse(stdout.toString())
  }

  it('has no capabilities, its own user, no other groups, and filtered system calls', async () => {
    const [status, uid] = await ask('pathlib.Path("/proc/self/status").read_text()', 'os.getuid()')
    // The same in every cell. Outside it is one that nobody else on the host has: see the next test.
    expect(uid).toBe(10_001)
    for (const line of ['CapPrm:\t0000000000000000', 'CapEff:\t0000000000000000', 'NoNewPrivs:\t1', 'Seccomp:\t2']) {
      expect(status).toContain(line)
    }
    expect(status).toMatch(new RegExp(`^Groups:\\s*${uid}\\s*$`, 'm'))
    expect(await ask('os.setuid(0)', 'os.setgroups([0])')).toEqual(['EPERM', 'EPERM'])
  })

  it('can write only in its workspace, /tmp and shared memory', async () => {
    const [hasCgroup2] = await ask('os.path.exists("/sys/fs/cgroup/cgroup.controllers")')
    const places = {
      '/': 'EROFS',
      '/etc': 'EROFS',
      '/usr/bin': 'EROFS',
      '/opt/runnel/agent': 'EROFS',
      '/opt/runnel/etc': 'EROFS',
      // Nothing can be made in these two, not even by root.
      '/proc/sys/kernel': 'ENOENT',
      // In version 1 the top is a folder of root.
      '/sys/fs/cgroup': hasCgroup2 === true ? 'EROFS' : 'EACCES',
      '/var/tmp': 'EROFS',
      '/run': 'EROFS',
      '/root': 'EACCES',
    }
    const answers = await ask(...Object.keys(places).map((place) => `open("${place}/x", "w")`))
    expect(answers).toEqual(Object.values(places))
    const [writable] = await ask(
      'sorted({line.split()[1] for line in open("/proc/mounts") if os.path.isdir(line.split()[1]) and os.access(line.split()[1], os.W_OK)})',
    )
    expect(writable).toEqual(['/dev/mqueue', '/dev/shm', '/tmp', '/workspace'])
  })

  it('reaches no network, and only itself on loopback', async () => {
    const answers = await ask(
      ...['1.1.1.1', '169.254.169.254', '172.17.0.1', '10.0.0.1'].map(
        (host) => `socket.create_connection(("${host}", 80), 2)`,
      ),
      'socket.socket(socket.AF_INET6).connect(("2606:4700:4700::1111", 80))',
      'os.listdir("/sys/class/net")',
    )
    // Without IPv6 there is no address to send from.
    const [withoutIpv6] = await ask('open("/proc/sys/net/ipv6/conf/all/disable_ipv6").read()')
    expect(answers).toEqual([
      'ENETUNREACH',
      'ENETUNREACH',
      'ENETUNREACH',
      'ENETUNREACH',
      withoutIpv6 === '1\n' ? 'EADDRNOTAVAIL' : 'ENETUNREACH',
      ['lo'],
    ])
    expect(
      await ask(
        '(lambda s: (s.bind(("127.0.0.1", 0)), s.listen(), socket.create_connection(s.getsockname(), 2).close(), "works")[-1])(socket.socket())',
      ),
    ).toEqual(['works'])
  })

  it('is refused the sockets and system calls that lead out of containers', async () => {
    const families = { vsock: 40, alg: 38, packet: 17, bluetooth: 31, kcm: 41, key: 15 }
    const answers = await ask(
      ...Object.values(families).map(
        (family) => `socket.socket(${family}, socket.SOCK_RAW if ${family} == 17 else socket.SOCK_DGRAM)`,
      ),
    )
    expect(answers).toEqual(Object.keys(families).map(() => 'EPERM'))
    const CALLS = {
      unshare: 272,
      mount: 165,
      ptrace: 101,
      bpf: 321,
      perf_event_open: 298,
      keyctl: 250,
      userfaultfd: 323,
      setns: 308,
      chroot: 161,
      open_by_handle_at: 304,
      process_vm_readv: 310,
    }
    if (process.arch === 'x64') {
      expect(await ask(...Object.values(CALLS).map((number) => `call(${number}, 0, 0, 0, 0, 0)`))).toEqual(
        Object.keys(CALLS).map(() => 'EPERM'),
      )
      expect(await ask('call(425, 1, 0)', 'call(435, 0, 0)', 'call(56, 0x10000000 | 17, 0, 0, 0, 0)')).toEqual([
        'ENOSYS',
        'ENOSYS',
        'EPERM',
      ])
    }
  })

  it('cannot touch the agent: its streams, memory, environment, limits or life', async () => {
    const answers = await ask(
      'os.listdir("/proc/1/fd")',
      'open("/proc/1/fd/1", "wb", buffering=0).write(b"x")',
      'open("/proc/1/mem", "rb")',
      'open("/proc/1/environ").read()',
      'os.kill(1, signal.SIGKILL)',
      'os.kill(1, signal.SIGSTOP)',
      'os.setpriority(os.PRIO_PROCESS, 1, 19)',
      '__import__("resource").prlimit(1, __import__("resource").RLIMIT_NOFILE, (3, 3))',
      'open("/proc/1/oom_score_adj", "w").write("1000")',
    )
    expect(answers).toEqual(['EACCES', 'EACCES', 'EACCES', 'EACCES', 'EPERM', 'EPERM', 'EPERM', 'EPERM', 'EACCES'])
  })

  it('finds nothing that gives it more rights, and nothing of the host', async () => {
    const source = `cp /usr/bin/env raised && chmod 6755 raised
find . -perm /6000 # such a file is found
find / -xdev -perm /6000 2> /dev/null
ls /run/docker.sock 2>&1
ls /dev`
    const { stdout } = await runIn(sandboxes, { language: 'bash', source })
    const [raised, socket, ...devices] = stdout.toString().trimEnd().split('\n')
    expect([raised, socket]).toEqual(['./raised', "ls: cannot access '/run/docker.sock': No such file or directory"])
    const harmless = 'fd full mqueue null ptmx pts random shm stderr stdin stdout tty urandom zero'.split(' ')
    // On kernels that have /proc/kcore, `core` is a link to it, and it is masked.
    expect(devices.filter((device) => device !== 'core')).toEqual(harmless)
    // The path of each control group ends at the container: no id of it, and nothing of the host.
    const [groups] = await ask('open("/proc/self/cgroup").read()')
    expect(groups).toMatch(/^(?:\d+:[\w,=]*:\/\n)+$/)
  })

  it('has exactly the documented environment', async () => {
    const { stdout } = await runIn(sandboxes, { source: 'import os, json\nprint(json.dumps(dict(os.environ)))' })
    expect(JSON.parse(stdout.toString())).toEqual({
      PATH: '/usr/local/bin:/usr/bin:/bin',
      HOME: '/workspace',
      LANG: 'C.UTF-8',
      HOSTNAME: 'sandbox',
    })
  })

  it('finds nothing that another program left', async () => {
    const leave =
      'import os\nfor place in ("/workspace", "/tmp", "/dev/shm"): open(f"{place}/mark", "w").write("was here")'
    expect((await runIn(sandboxes, { source: leave })).outcome).toEqual({ type: 'exited', exitCode: 0 })
    for (let round = 0; round < 4; round += 1) {
      const { stdout } = await runIn(sandboxes, {
        source: 'import os\nprint([os.listdir(place) for place in ("/tmp", "/dev/shm")])',
      })
      expect(stdout.toString()).toBe('[[], []]\n')
    }
  })

  it('has random numbers that no other program has, and in a container of its own a user and addresses', async () => {
    const source =
      'import os, random, uuid\nprint(random.random(), uuid.uuid4(), os.urandom(8).hex(), os.getuid(), hash("x"), id(object()))'
    const printMany = (isolation: LeaseRequest['isolation']) =>
      Promise.all(
        Array.from({ length: 8 }, async () =>
          (await runIn(sandboxes, { source, isolation })).stdout.toString().trim().split(' '),
        ),
      )
    const [inCells, inContainers] = [await printMany('job'), await printMany('container')]
    const countDifferent = (lines: string[][], column: number) => new Set(lines.map((line) => line[column])).size
    expect([0, 1, 2].map((column) => countDifferent(inCells, column))).toEqual([8, 8, 8])
    expect([0, 1, 2, 3, 4, 5].map((column) => countDifferent(inContainers, column))).toEqual([8, 8, 8, 8, 8, 8])
  })

  it('has users on the host that nobody else there has: its own, its agent’s and that of its process 1', async () => {
    const { from, to } = toUidRange((await docker.info()).SecurityOptions)
    const usersOf = async (tenantId: string): Promise<string[]> => {
      let users: string[] = []
      const onOutput = async () => {
        const { Processes } = await docker.getContainer(sandboxId).top({ ps_args: '-eo uid,pid' })
        users = Processes.map(([uid]: string[]) => uid)
      }
      let sandboxId = ''
      const onSandbox = ({ id }: { readonly id: string }) => (sandboxId = id)
      const seen = Promise.withResolvers<void>()
      // The program lives until it was looked at.
      async function* controls(): AsyncGenerator<Control> {
        await seen.promise
        yield { type: 'stdin-end' }
      }
      await runIn(sandboxes, {
        source: 'import sys\nprint(1, flush=True)\nsys.stdin.read()',
        program: { interactive: true },
        controls: controls(),
        tenantId,
        onSandbox,
        onOutput: () => onOutput().finally(seen.resolve),
      })
      return [...new Set(users)]
    }
    const [one, other] = await Promise.all([usersOf('one'), usersOf('other')])
    expect([one.length, other.length]).toEqual([3, 3])
    expect(one.filter((user) => other.includes(user))).toEqual([])
    expect([...one, ...other].every((user) => Number(user) >= from && Number(user) < to)).toBe(true)
  })

  it('holds no lock that another program meets, except on what the whole host shares', async () => {
    // User and time namespaces are the host's own: see "What is not promised" in docs/security.md.
    const lock = `import fcntl, os, sys
names = sorted(set(os.listdir("/proc/self/ns")) - {"user", "time", "time_for_children", "pid_for_children"})
kept = [os.open(path, os.O_RDONLY) for path in ("/usr/bin/python3", "/etc/passwd", *(f"/proc/self/ns/{name}" for name in names))]
for file in kept: fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
print("locked", len(kept), flush=True)
sys.stdin.read()`
    const locked = Promise.withResolvers<void>()
    const mayEnd = Promise.withResolvers<void>()
    async function* controls(): AsyncGenerator<Control> {
      await mayEnd.promise
      yield { type: 'stdin-end' }
    }
    const holding = runIn(sandboxes, {
      source: lock,
      program: { interactive: true },
      controls: controls(),
      onOutput: () => locked.resolve(),
    })
    await Promise.race([locked.promise, holding])
    const other = await runIn(sandboxes, { source: lock })
    mayEnd.resolve()
    for (const { stdout, stderr } of [await holding, other]) {
      expect([stdout.toString(), stderr.toString()]).toEqual(['locked 8\n', ''])
    }
  })

  it('leaves no process running, not even one that closed its output and has its own session', async () => {
    const source = `import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.closerange(0, 3)
        time.sleep(60)
    os._exit(0)
os.wait()`
    const [limits, never] = [defaultLimits(), new AbortController().signal]
    await using sandbox = await sandboxes.lease(
      { language: 'python', limits, isolation: 'job', tenantId: 'acme' },
      never,
    )
    expect((await runInside(sandbox, { source })).outcome).toEqual({ type: 'exited', exitCode: 0 })
    await eventually(async () => {
      const { Processes } = await docker.getContainer(sandbox.id).top({ ps_args: '-eo pid,uid' })
      // The agent, what makes namespaces, process 1 of the next program's, and the interpreter that waits in them.
      expect(Processes.length, JSON.stringify(Processes)).toBe(4)
    })
  })

  it('cannot forge frames: everything that it prints is output', async () => {
    const source = `import sys, os, struct
frame = struct.pack(">IBI", 2, 67, 2) + b"{}"
os.write(1, frame); os.write(2, frame)
for fd in range(3, 256):
    try: os.write(fd, frame)
    except OSError: pass
sys.exit(9)`
    const { stdout, stderr, outcome } = await runIn(sandboxes, { source })
    const frame = encodeFrame(67, 2, Buffer.from('{}'))
    expect([stdout, stderr]).toEqual([frame, frame])
    expect(outcome).toEqual({ type: 'exited', exitCode: 9 })
  })
})

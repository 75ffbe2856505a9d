/**
 * What a program sees in a sandbox and not in `docker run --network none` of the same image: all of it. A difference that
 * is not in this list fails place.docker.test.ts. docs/differences.md shows the list, and a test compares the two.
 *
 * To add one: a row here, and the same row in the page.
 */
interface Difference {
  readonly what: string
  /** In words, for the page. */
  readonly plain: string
  readonly here: string
  readonly because: string
  /** Which facts it is about (observers.ts), and what each of them is here. Undefined: it is not there. */
  readonly facts: readonly (readonly [name: string | RegExp, here: string | RegExp | undefined])[]
}

/** What people want: a program finds more than it would in a plain container. */
const WANTED: readonly Difference[] = [
  {
    what: 'the machine’s own name',
    plain: 'leads nowhere; a number in hexadecimal',
    here: '`sandbox`, leads to `127.0.0.1`',
    because: 'Servers that listen on their own name work.',
    facts: [
      ['name: its own', '127.0.0.1'],
      ['name: of the machine', 'sandbox'],
      ['setting: kernel/hostname', 'sandbox'],
      ['file: /etc/hostname', '-rw-r--r-- 0 0 sandbox'],
      ['file: /etc/hosts', /\n127\.0\.0\.1\tsandbox\n/],
      ['variable: HOSTNAME', 'sandbox'],
    ],
  },
  {
    what: 'names of other machines',
    plain: '“try again” (`EAI_AGAIN`)',
    here: '“not known” (`EAI_NONAME`)',
    because: 'Without a network, trying again cannot help.',
    facts: [
      ['name: example.com', 'EAI_NONAME'],
      ['file: /etc/nsswitch.conf', /\nhosts: +files\n/],
      ['file: /etc/resolv.conf', /\nnameserver 127\.0\.0\.2$/],
    ],
  },
  {
    what: 'IPv6 on loopback',
    plain: 'off, so `::1` cannot be used',
    here: 'on',
    because: 'A server on `localhost` listens on `::1`.',
    facts: [[/^setting: net\/ipv6\/conf\/(?:all|default|lo)\/disable_ipv6$/, '0']],
  },
  {
    what: 'the user',
    plain: 'has no name, no group name, and the home `/`',
    here: '`runner` of the group `runner`, at home in `/workspace`',
    because: 'Programs and tools look up who they are.',
    facts: [
      ['user: name', 'runner'],
      ['user: group', 'runner'],
      ['user: home', '/workspace'],
      ['file: /etc/passwd', /\nrunner:x:UID:UID::\/workspace:\/bin\/bash$/],
      ['file: /etc/group', /\nrunner:x:UID:$/],
      ['variable: HOME', '/workspace'],
    ],
  },
  {
    what: 'the folder of the program',
    plain: 'belongs to root',
    here: 'belongs to the user',
    because: 'Programs write files where they are.',
    facts: [
      ['writing in: /workspace', 'runs programs'],
      ['file: /workspace', /^drwx(?:r-xr-x|------) UID UID$/],
    ],
  },
  {
    what: 'Node’s standard output and error, and those of its children',
    plain: 'do not block: what the pipe cannot take waits in memory, and is lost when the program ends',
    here: 'block: all that was written arrives. A child waits while nobody reads its output, so a parent that writes all input (1 MB, say) before it reads waits for ever',
    because: 'The last line is often the one that matters, such as the trace of an error.',
    facts: [[/^descriptor after output: [12]$/, 'pipe, writes']],
  },
  {
    what: 'a terminal, with `tty`',
    plain: '`TERM` is `xterm`; erasing takes one byte',
    here: '`TERM` is `xterm-256color`; erasing takes a character of UTF-8',
    because: 'So are the terminals that people use.',
    facts: [
      ['variable: TERM', 'xterm-256color'],
      // ICRNL, IXON and IUTF8, which the plain one lacks.
      ['terminal: input', `${0x100 | 0x400 | 0x4000}`],
    ],
  },
]

/** What makes a sandbox safe. */
const SAFE: readonly Difference[] = [
  {
    what: 'folders of the image',
    plain: 'can be written to by root',
    here: 'read-only for everybody, `/var/tmp` and `/run` too',
    because: 'Nothing of the image can be changed or filled. Temporary files go to `/tmp`.',
    facts: [
      ['mount: /', 'read-only'],
      ['mount: /etc/hostname', 'read-only'],
      [/^writing in: (?:\/|\/bin|\/home|\/opt|\/run|\/srv|\/usr\/local|\/var\/tmp|\/var\/lib)$/, 'EROFS'],
    ],
  },
  {
    what: '`/workspace`, `/tmp`, `/dev/shm`',
    plain: 'on the host’s disk without a limit; 64 MiB of shared memory',
    here: 'in memory, with limits of bytes and files; 16 MiB of shared memory',
    because: 'A program cannot fill the host’s disk or memory.',
    facts: [
      ['mount: /workspace', 'tmpfs mode=700 nodev nosuid nr_inodes=8192 rw size=65536k'],
      ['mount: /tmp', 'tmpfs nodev nosuid nr_inodes=2048 rw size=16384k'],
      ['mount: /dev/shm', 'tmpfs nodev noexec nosuid nr_inodes=2048 rw size=16384k'],
    ],
  },
  {
    what: '`/etc`',
    plain: 'files of the image, three of the engine',
    here: 'in memory: links to the files of the image, and what the agent writes',
    because: 'It names the program’s user, which is another one each time.',
    facts: [
      ['mount: /etc', /^tmpfs (?:mode=755 )?nodev noexec nosuid nr_inodes=2048 rw size=1024k$/],
      ['mount: /etc/hosts', undefined],
      ['mount: /etc/resolv.conf', undefined],
    ],
  },
  {
    what: 'control groups',
    plain: 'no limits',
    here: '256 MiB of memory, 1 processor’s time, 64 processes and the agent’s own',
    because: 'The limits of a job ([limits](limits-and-outcomes.md)).',
    facts: [
      ['control groups: memory', '268435456'],
      ['control groups: processes', /^6[56]$/],
      ['control groups: processors', /^100000\b/],
      ['control groups: its own', '/'],
    ],
  },
  {
    what: 'limits of the kernel (`ulimit`)',
    plain: 'the engine’s',
    here: 'files as large as the disk, 1,024 open ones, 64 KiB of locked memory, no core dumps, no message queues',
    because: 'What is not memory or a process has limits, too.',
    facts: [
      ['limit: Max core file size', '0 0 bytes'],
      ['limit: Max file size', '67108864 67108864 bytes'],
      ['limit: Max locked memory', '65536 65536 bytes'],
      ['limit: Max msgqueue size', '0 0 bytes'],
      ['limit: Max open files', '1024 1024 files'],
      ['limit: Max realtime priority', '0 0'],
      ['writing in: /dev/mqueue', 'EMFILE'],
    ],
  },
  {
    what: 'buffers of connections',
    plain: 'up to 32 MiB',
    here: 'up to 128 KiB',
    because: 'With control groups v1, what waits in them does not count as the program’s memory.',
    facts: [
      ['setting: net/ipv4/tcp_rmem', '4096\t65536\t131072'],
      ['setting: net/ipv4/tcp_wmem', '4096\t16384\t65536'],
    ],
  },
  {
    what: 'more rights by setuid files',
    plain: 'possible',
    here: 'impossible (`no_new_privs`), and root could have only four capabilities',
    because: 'The agent needs those four to change users; a program gets none.',
    facts: [
      ['status: NoNewPrivs', '1'],
      ['status: CapBnd', '00000000000000e1'],
    ],
  },
  {
    what: 'system calls',
    plain: 'those of Docker’s list',
    here: 'without `ptrace`, `io_uring`, `vmsplice`, `memfd_secret`, `chroot` and some that only root may use',
    because: 'Ways out of containers in the past. Debuggers and `strace` do not work.',
    facts: [
      [/^system call: (?:adjtimex|chroot|clock_adjtime|memfd_secret|ptrace|vmsplice)$/, 'EPERM'],
      [/^system call: io_uring_/, 'ENOSYS'],
      [/^descriptor.*: anon_inode:\[io_uring\]/, undefined],
    ],
  },
  {
    what: 'sockets',
    plain: 'of every family that the kernel has',
    here: 'Unix, IPv4, IPv6 and netlink only',
    because: 'Other families lead to the host or to devices.',
    facts: [[/^socket: (?:alg|bluetooth|can|key|vsock) /, 'EPERM']],
  },
]

/** What follows from how a sandbox is made. */
const MADE: readonly Difference[] = [
  {
    what: 'process 1',
    plain: 'is the program',
    here: 'is the agent',
    because: 'The agent starts, measures and ends the program.',
    facts: [['process: is number 1', 'false']],
  },
  {
    what: 'when memory runs out',
    plain: 'the kernel takes any process',
    here: 'it takes the program first (score 1000)',
    because: 'The agent must live on to say what happened.',
    facts: [['process: score when memory runs out', '1000']],
  },
  {
    what: '`/dev/console`, with `tty`',
    plain: 'the terminal',
    here: 'not there; `/dev/tty` is the terminal in both',
    because: 'The engine makes it for process 1 only.',
    facts: [
      ['mount: /dev/console', undefined],
      ['device: /dev/console', undefined],
    ],
  },
  {
    what: '`PATH`',
    plain: 'with the folders for root (`sbin`)',
    here: '`/usr/local/bin:/usr/bin:/bin`',
    because: 'A program is not root. Some tools of root’s are not found without their path.',
    facts: [
      ['variable: PATH', '/usr/local/bin:/usr/bin:/bin'],
      [/^tool: /, undefined],
    ],
  },
  {
    what: 'order of the variables',
    plain: 'the job’s before `HOME`',
    here: 'the job’s last',
    because: 'They are added to those that every program has.',
    facts: [['environment: order of names', /^PATH HOSTNAME HOME LANG(?: OWN| TERM)?$/]],
  },
]

export const DIFFERENCES = { WANTED, SAFE, MADE } as const

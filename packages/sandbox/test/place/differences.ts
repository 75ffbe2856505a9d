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
      ['file: /etc/hostname', '-rw-r--r-- root root sandbox'],
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
    what: 'what a login shell reads first, `/etc/profile`',
    plain: 'Debian’s: starts three programs',
    here: 'reads the same files and starts none',
    because: 'Commands of a sandbox run in a login shell, and those programs took longer than most commands.',
    facts: [['file: /etc/profile', /^-rw-r--r-- root root # What a login shell reads first/]],
  },
  {
    what: 'the folder of the program',
    plain: 'belongs to root',
    here: 'belongs to the user',
    because: 'Programs write files where they are.',
    facts: [
      ['writing in: /workspace', 'runs programs'],
      ['file: /workspace', 'drwxr-xr-x UID UID'],
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
      ['mount: /workspace', 'tmpfs mode=755 nodev nosuid nr_inodes=8192 rw size=65536k'],
      ['mount: /tmp', 'tmpfs nodev nosuid nr_inodes=2048 rw size=16384k'],
      ['mount: /dev/shm', 'tmpfs nodev noexec nosuid nr_inodes=2048 rw size=16384k'],
    ],
  },
  {
    what: '`/etc`',
    plain: 'files of the image, three of the engine',
    here: 'in memory, read-only: links to the files of the image, and what the agent writes',
    because: 'It names the program’s user. Nobody can change it, or see who has read what.',
    facts: [
      ['mount: /etc', 'tmpfs mode=755 nodev noexec nosuid nr_inodes=2048 ro size=1024k'],
      ['writing in: /etc', 'EROFS'],
      ['mount: /etc/hosts', undefined],
      ['mount: /etc/resolv.conf', undefined],
    ],
  },
  {
    what: 'control groups',
    plain: 'no limits',
    here: '256 MiB of memory, 1 processor’s time, 64 processes and three of the agent’s',
    because: 'The limits of a job ([limits](limits-and-outcomes.md)).',
    facts: [
      ['control groups: memory', '268435456'],
      ['control groups: processes', '67'],
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
    here: 'impossible (`no_new_privs`), and no process can have a capability',
    because: 'A program needs none.',
    facts: [
      ['status: NoNewPrivs', '1'],
      ['status: CapBnd', '0000000000000000'],
    ],
  },
  {
    what: 'system calls',
    plain: 'those of Docker’s list',
    here: 'without `ptrace`, `io_uring`, `io_setup`, `seccomp`, large pages, `vmsplice`, `memfd_secret`, `chroot`, changes of the user and some that only root may use; the second filter is the program’s own',
    because:
      'Ways out of containers in the past, and what a host has one of for everybody. Debuggers and `strace` do not work.',
    facts: [
      [/^system call: (?:adjtimex|chroot|clock_adjtime|memfd_secret|ptrace|setfsuid|vmsplice)$/, 'EPERM'],
      ['status: Seccomp_filters', '2'],
      [/^system call: (?:io_uring_|io_setup|seccomp)/, 'ENOSYS'],
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
  {
    what: '`/dev`',
    plain: 'can be written to by root; any number of terminals',
    here: 'read-only; 32 terminals',
    because: 'Nobody can change what the next program finds. The kernel has one number of terminals for everybody.',
    facts: [
      ['mount: /dev', 'tmpfs mode=755 nosuid ro size=65536k'],
      ['writing in: /dev', 'EROFS'],
      ['mount: /dev/pts', 'devpts max=32 mode=620 noexec nosuid ptmxmode=666 rw'],
    ],
  },
  {
    what: '`cmdline`, `interrupts`, `softirqs`, `key-users`, `pressure` in `/proc`',
    plain: 'those of the machine',
    here: 'empty',
    because: 'They say how the machine was started and what others on it do.',
    facts: [
      [/^mount: \/proc\/(?:cmdline|interrupts|key-users|softirqs)$/, 'tmpfs mode=755 nosuid rw size=65536k'],
      ['mount: /proc/pressure', 'tmpfs ro'],
      ['mount: /sys/devices/virtual/powercap', 'tmpfs ro'],
      [/^readable: \/proc\/(?:cmdline|interrupts|key-users|softirqs)$/, undefined],
    ],
  },
]

/** What follows from how a sandbox is made. */
const MADE: readonly Difference[] = [
  {
    what: 'process 1',
    plain: 'is the program',
    here: 'starts and ends the program, and waits for orphans',
    because: 'A program that is number 1 ignores signals, and would have to wait for orphans.',
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
    what: 'files of root’s',
    plain: 'belong to the user 0',
    here: 'seem to belong to nobody (65534), but those that are made for the program: there root is 0',
    because: 'The program has a list of users of its own, in which the image’s root is not.',
    facts: [
      ['user: of the image', '65534'],
      [/^file: \/etc\/g?shadow$/, '-rw-r----- root root EACCES'],
    ],
  },
  {
    what: 'settings of the kernel for users and networks',
    plain: 'of the machine, or of the container',
    here: 'of the program’s own namespaces: no quota of its own for a user, since that of the sandbox holds, and some settings of the network are not there',
    because: 'The kernel keeps them for each namespace.',
    facts: [
      [/^setting: user\/max_/, '2147483647'],
      ['setting: net/ipv4/ping_group_range', '65534\t65534'],
      [/^setting: net\/(?:core\/xfrm_|ipv6\/route\/)/, undefined],
    ],
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

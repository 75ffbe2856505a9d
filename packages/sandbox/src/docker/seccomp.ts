/**
 * The system calls that a program may make. All others return EPERM. Calls newer than this list return ENOSYS (from the
 * runtime), so that C libraries fall back to older ones.
 *
 * It is our own list, because the engine's default differs by version, and some versions allow AF_VSOCK, AF_ALG and io_uring.
 * Left out on purpose, because each is a known way out of containers or into other programs: io_uring, keyctl, userfaultfd,
 * perf_event_open, bpf, ptrace, process_vm_*, kcmp, pidfd_getfd, mount and the like, unshare, setns, chroot, pivot_root,
 * name_to_handle_at, open_by_handle_at, module and kexec calls, clock setting, quotactl, vmsplice, memfd_secret.
 */
const ALLOWED = {
  files: `access chdir chmod chown close close_range copy_file_range creat dup dup2 dup3 faccessat faccessat2 fadvise64
    fallocate fchdir fchmod fchmodat fchmodat2 fchown fchownat fcntl fdatasync fgetxattr flistxattr flock fremovexattr
    fsetxattr fstat fstatfs fsync ftruncate futimesat getcwd getdents getdents64 getxattr lchown lgetxattr link
    linkat listxattr llistxattr lremovexattr lseek lsetxattr lstat mkdir mkdirat mknod mknodat newfstatat open openat
    openat2 pread64 preadv preadv2 pwrite64 pwritev pwritev2 read readahead readlink readlinkat readv removexattr rename
    renameat renameat2 rmdir sendfile setxattr splice stat statfs statx symlink symlinkat sync_file_range tee
    truncate umask unlink unlinkat utime utimensat utimes write writev cachestat`,
  waiting: `epoll_create epoll_create1 epoll_ctl epoll_ctl_old epoll_pwait epoll_pwait2 epoll_wait epoll_wait_old eventfd
    eventfd2 inotify_add_watch inotify_init inotify_init1 inotify_rm_watch pipe pipe2 poll ppoll pselect6 select signalfd
    signalfd4 io_cancel io_destroy io_getevents io_pgetevents`,
  memory: `brk madvise mincore mlock mlock2 mlockall mprotect mremap mseal msync munlock munlockall munmap pkey_alloc pkey_free pkey_mprotect remap_file_pages map_shadow_stack`,
  processes: `arch_prctl execve execveat exit exit_group fork vfork capget capset getegid geteuid getgid getgroups getpgid
    getpgrp getpid getppid getpriority getresgid getresuid getrlimit getrusage getsid gettid getuid kill pause
    pidfd_open pidfd_send_signal prlimit64 set_robust_list get_robust_list set_thread_area get_thread_area
    set_tid_address setfsgid setfsuid setgid setgroups setpgid setpriority setregid setresgid setresuid setreuid
    setrlimit setsid setuid tgkill tkill wait4 waitid waitpid rseq landlock_create_ruleset landlock_add_rule
    landlock_restrict_self process_mrelease`,
  signals: `alarm getitimer setitimer restart_syscall rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo
    rt_sigreturn rt_sigsuspend rt_sigtimedwait rt_tgsigqueueinfo sigaltstack`,
  threads: `futex futex_waitv futex_wake futex_wait futex_requeue membarrier getcpu sched_get_priority_max
    sched_get_priority_min sched_getaffinity sched_getattr sched_getparam sched_getscheduler sched_rr_get_interval
    sched_setaffinity sched_setattr sched_setparam sched_setscheduler sched_yield ioprio_get ioprio_set`,
  time: `clock_getres clock_gettime clock_nanosleep gettimeofday nanosleep time timer_create timer_delete
    timer_getoverrun timer_gettime timer_settime timerfd_create timerfd_gettime timerfd_settime times`,
  sockets: `accept accept4 bind connect getpeername getsockname getsockopt listen recvfrom recvmmsg recvmsg sendmmsg
    sendmsg sendto shutdown socketpair`,
  ipc: `mq_getsetattr mq_notify mq_open mq_timedreceive mq_timedsend mq_unlink msgctl msgget msgrcv msgsnd semctl semget
    semop semtimedop shmat shmctl shmdt`,
  facts: 'getrandom sysinfo uname',
} as const

const ALLOW = 'SCMP_ACT_ALLOW'
const DENY = 'SCMP_ACT_ERRNO'
const EPERM = 1
const ENOMEM = 12
const EINVAL = 22
const ENOSYS = 38

/** AF_UNIX, AF_INET, AF_INET6, for a program to talk to itself. AF_NETLINK only with protocol 0, for getifaddrs and getaddrinfo. */
const AF_NETLINK = 16
const NETLINK_SOCK_DIAG = 4
const SOCKET_FAMILIES = [1, 2, 10]

/**
 * Options of a socket itself, by number: reuse, keep-alive, linger, timeouts, credentials and the like. Not the filters that
 * a program could load into the kernel. The kernel decides which options of IP, TCP, UDP and IPv6 a program may set.
 */
const SOL_SOCKET = 1
const SOCKET_OPTIONS = [
  1, 2, 5, 6, 9, 10, 12, 13, 14, 15, 16, 18, 20, 21, 25, 29, 34, 35, 37, 40, 42, 46, 47, 49, 63, 64, 65, 66, 67, 76,
]
/**
 * With control groups v1, data that waits in connections does not count against the memory limit, and too much of it fills a
 * limit that all containers share. So asking for larger buffers succeeds and changes nothing, as beyond the kernel's maximum.
 */
const SO_SNDBUF = 7
const SO_RCVBUF = 8
const [SOL_IP, SOL_TCP, SOL_UDP, SOL_IPV6] = [0, 6, 17, 41]
/** Delays, keep-alive, fast open and the like. Not keys of signed segments, whose memory the kernel counts for nobody. */
const TCP_OPTIONS = [
  1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 13, 15, 16, 17, 18, 19, 20, 21, 23, 24, 25, 27, 28, 30, 33, 34, 35, 36, 37,
]
/** Reserves flow labels, of which a host has 4,096 for everybody. */
const IPV6_FLOWLABEL_MGR = 32

/**
 * Standard output and standard error block. Node asks for the opposite by this request, and then ends with what it could not
 * write: all beyond the 64 KiB that a pipe holds. So the request succeeds and changes nothing. It holds for every process of a
 * program, however it was started, and no program can see it in its own objects or in its environment.
 *
 * `fcntl` with O_NONBLOCK works: Node does not use it, and a program that does so handles what the pipe cannot take. The
 * cost: a Node child waits while nobody reads its output, like any other program.
 */
const FIONBIO = 0x5421
const [STDIN, STDOUT, STDERR] = [0, 1, 2]

/**
 * Large pages are a store that a host has one of, for its databases, and no control group of a container counts them. Asking for
 * some is answered as on a host that keeps none. By call: which argument has the flag.
 */
const LARGE_PAGES = [
  { call: 'mmap', index: 3, flag: 0x40000 },
  { call: 'memfd_create', index: 1, flag: 4 },
  { call: 'shmget', index: 2, flag: 0o4000 },
] as const

/** The kernel makes machine code of filters, and has one limit for that of the whole host. So a program loads none. */
const PR_SET_SECCOMP = 22

/** All CLONE_NEW… flags: a program cannot make namespaces. */
const NAMESPACE_FLAGS = 0x7e020000

/** Of these bits, exactly those of `value`. */
const hasBits = (index: number, bits: number, value: number) => ({
  index,
  value: bits,
  valueTwo: value,
  op: 'SCMP_CMP_MASKED_EQ',
})
const equals = (index: number, value: number) => ({ index, value, op: 'SCMP_CMP_EQ' })
/** One of these holds for any other number: it differs in a bit of the lowest byte. The kernel knows no two with the same. */
const differsFrom = (index: number, value: number) =>
  Array.from({ length: 8 }, (_, bit) => hasBits(index, 1 << bit, ~value & (1 << bit)))
/** For an argument that the kernel reads as an `int`: it ignores the upper half, so the filter must ignore it too. */
const equalsInt = (index: number, value: number) => hasBits(index, 0xffffffff, value)

export interface SeccompProfile {
  readonly defaultAction: string
  readonly defaultErrnoRet: number
  readonly archMap: readonly { readonly architecture: string; readonly subArchitectures: readonly string[] }[]
  readonly syscalls: readonly Readonly<Record<string, unknown>>[]
}

/**
 * What the agent of a cell needs to make the namespaces of each program, and to look into them. The program itself gets none of it: the agent loads
 * a second, stricter filter into it (packages/agent/src/syscall_filter.py).
 */
const FOR_NAMESPACES = ['clone', 'unshare', 'mount', 'umount2', 'pivot_root', 'sethostname', 'seccomp']

/** In the engine's format. 32-bit and x32 calls are not listed, so they are no way around the filters. */
export const seccompProfile: SeccompProfile = {
  defaultAction: DENY,
  defaultErrnoRet: EPERM,
  archMap: [
    { architecture: 'SCMP_ARCH_X86_64', subArchitectures: [] },
    { architecture: 'SCMP_ARCH_AARCH64', subArchitectures: [] },
  ],
  syscalls: [
    { names: Object.values(ALLOWED).flatMap((names) => names.split(/\s+/)), action: ALLOW },
    ...SOCKET_FAMILIES.map((family) => ({ names: ['socket'], action: ALLOW, args: [equals(0, family)] })),
    { names: ['socket'], action: ALLOW, args: [equals(0, AF_NETLINK), equals(2, 0)] },
    ...[SOL_IP, SOL_UDP].map((level) => ({ names: ['setsockopt'], action: ALLOW, args: [equalsInt(1, level)] })),
    ...TCP_OPTIONS.map((option) => ({
      names: ['setsockopt'],
      action: ALLOW,
      args: [equalsInt(1, SOL_TCP), equalsInt(2, option)],
    })),
    ...differsFrom(2, IPV6_FLOWLABEL_MGR).map((differs) => ({
      names: ['setsockopt'],
      action: ALLOW,
      args: [equalsInt(1, SOL_IPV6), differs],
    })),
    ...SOCKET_OPTIONS.map((option) => ({
      names: ['setsockopt'],
      action: ALLOW,
      args: [equalsInt(1, SOL_SOCKET), equalsInt(2, option)],
    })),
    ...[SO_SNDBUF, SO_RCVBUF].map((option) => ({
      names: ['setsockopt'],
      action: DENY,
      errnoRet: 0,
      args: [equalsInt(1, SOL_SOCKET), equalsInt(2, option)],
    })),
    { names: ['ioctl'], action: ALLOW, args: [{ index: 1, value: FIONBIO, op: 'SCMP_CMP_NE' }] },
    { names: ['ioctl'], action: ALLOW, args: [equals(0, STDIN), equals(1, FIONBIO)] },
    { names: ['ioctl'], action: ALLOW, args: [{ index: 0, value: STDERR, op: 'SCMP_CMP_GT' }, equals(1, FIONBIO)] },
    ...[STDOUT, STDERR].map((stream) => ({
      names: ['ioctl'],
      action: DENY,
      errnoRet: 0,
      args: [equals(0, stream), equals(1, FIONBIO)],
    })),
    {
      names: ['clone'],
      action: ALLOW,
      args: [hasBits(0, NAMESPACE_FLAGS, 0)],
    },
    // Its flags are in memory, where no filter can look. Callers fall back to clone.
    { names: ['clone3'], action: DENY, errnoRet: ENOSYS },
    { names: ['io_uring_setup', 'io_uring_enter', 'io_uring_register'], action: DENY, errnoRet: ENOSYS },
    // The host has one number of requests for everybody (fs.aio-max-nr).
    { names: ['io_setup', 'io_submit'], action: DENY, errnoRet: ENOSYS },
    // All disks of the host would be written. Nothing of a program is on any, so it succeeds and does nothing.
    { names: ['sync', 'syncfs'], action: DENY, errnoRet: 0 },
    ...LARGE_PAGES.flatMap(({ call, index, flag }) => [
      { names: [call], action: ALLOW, args: [hasBits(index, flag, 0)] },
      { names: [call], action: DENY, errnoRet: ENOMEM, args: [hasBits(index, flag, flag)] },
    ]),
    ...differsFrom(0, PR_SET_SECCOMP).map((differs) => ({ names: ['prctl'], action: ALLOW, args: [differs] })),
    { names: ['prctl'], action: DENY, errnoRet: EINVAL, args: [hasBits(0, 0xff, PR_SET_SECCOMP)] },
    // Only reading the personality, and setting the present one. Not turning address randomisation off.
    { names: ['personality'], action: ALLOW, args: [equals(0, 0)] },
    { names: ['personality'], action: ALLOW, args: [equals(0, 0xffffffff)] },
  ],
}

/** For containers whose programs have namespaces of their own. */
export const cellSeccompProfile: SeccompProfile = {
  ...seccompProfile,
  syscalls: [
    { names: FOR_NAMESPACES, action: ALLOW },
    // To see which ports its programs listen on.
    { names: ['socket'], action: ALLOW, args: [equals(0, AF_NETLINK), equals(2, NETLINK_SOCK_DIAG)] },
    ...seccompProfile.syscalls,
  ],
}

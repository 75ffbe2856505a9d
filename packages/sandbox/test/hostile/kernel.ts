import { EXITED, type HostileCase, OVERDUE } from './case.ts'
import { ALL_REFUSED, refused } from './refused.ts'

/** System calls that could lead out of containers. */
export const kernel: readonly HostileCase[] = [
  {
    name: 'mounts, unmounts and changes the root, with old and new system calls',
    source: refused(`for kind in (b"tmpfs", b"proc", b"sysfs", b"cgroup", b"overlay", b"devtmpfs", b"fuse"):
    denied(f"mount {kind}", lambda: call("mount", b"none", b"/tmp", kind, 0, 0))
for flags in (4096, 32, 4096 | 32, 1 << 14, 1 << 20): denied(f"remount {flags}", lambda: call("mount", b"/", b"/tmp", 0, flags, 0))
for path in (b"/proc", b"/workspace", b"/", b"/sys/fs/cgroup"): denied(f"umount {path}", lambda: call("umount2", path, 2))
denied("pivot_root", lambda: call("pivot_root", b"/tmp", b"/tmp"))
denied("chroot", lambda: call("chroot", b"/tmp"))
denied("fsopen", lambda: call("fsopen", b"tmpfs", 0))
denied("fsconfig", lambda: call("fsconfig", 0, 6, 0, 0, 0))
denied("fsmount", lambda: call("fsmount", 0, 0, 0))
denied("fspick", lambda: call("fspick", -100, b"/", 0))
denied("open_tree", lambda: call("open_tree", -100, b"/", 1))
denied("move_mount", lambda: call("move_mount", -100, b"/tmp", -100, b"/workspace", 0))
denied("mount_setattr", lambda: call("mount_setattr", -100, b"/", 0, b"\\0" * 32, 32))
denied("swapon", lambda: call("swapon", b"/workspace/main.py", 0))
denied("quotactl", lambda: call("quotactl", 0x80000200, b"/dev/sda", 0, 0))`),
    ends: [EXITED],
    prints: ALL_REFUSED,
  },
  {
    name: 'makes and enters namespaces',
    source:
      refused(`FLAGS = {"time": 0x80, "mount": 0x20000, "cgroup": 0x2000000, "uts": 0x4000000, "ipc": 0x8000000, "user": 0x10000000, "pid": 0x20000000, "net": 0x40000000}
for name, flag in FLAGS.items():
    denied(f"unshare {name}", lambda: call("unshare", flag))
    denied(f"unshare user and {name}", lambda: call("unshare", flag | 0x10000000))
    # To clone, 0x80 is no flag but a part of the signal to send at the end.
    if name != "time": denied(f"clone {name}", lambda: call("clone", flag | 17, 0, 0, 0, 0))
    denied(f"clone3 {name}", lambda: call("clone3", struct.pack("QQQQQQQQ", flag, 0, 0, 0, 17, 0, 0, 0), 64), errno.ENOSYS)
for name in os.listdir("/proc/self/ns"):
    denied(f"enter own {name}", lambda: call("setns", os.open(f"/proc/self/ns/{name}", os.O_RDONLY), 0))
    denied(f"look at {name} of 1", lambda: os.open(f"/proc/1/ns/{name}", os.O_RDONLY), errno.EACCES)
denied("enter by process", lambda: call("setns", call("pidfd_open", 1, 0), 0x7e020000))
for what in ("uid_map", "gid_map"): denied(what, lambda: write(f"/proc/self/{what}", b"0 0 1"))
denied("setgroups", lambda: write("/proc/self/setgroups", b"allow"), errno.EACCES)`),
    ends: [EXITED],
    prints: ALL_REFUSED,
  },
  {
    name: 'looks for its agent, and for namespaces and terminals around its own',
    source:
      refused(`NS_GET_USERNS, NS_GET_PARENT, NS_MNT_GET_NEXT, NS_MNT_GET_PREV = 0xb701, 0xb702, 0x8010b70b, 0x8010b70c
own = {1, os.getpid()}
assert {int(name) for name in os.listdir("/proc") if name.isdigit()} == own
for pid in {*range(1, 2000), *range(2, 32768, 97)} - own:
    denied(f"/proc/{pid}", lambda: os.stat(f"/proc/{pid}/ns/mnt"), errno.ENOENT)
    denied(f"signal {pid}", lambda: os.kill(pid, 0), errno.ESRCH)
    denied(f"open {pid}", lambda: os.pidfd_open(pid), errno.ESRCH)
def open_own(name): return os.open(f"/proc/self/ns/{name}", os.O_RDONLY)
def inode(fd): return os.fstat(fd).st_ino
mine = inode(open_own("user"))
for name in ("mnt", "pid", "net", "ipc", "uts", "cgroup"):
    owner = fcntl.ioctl(open_own(name), NS_GET_USERNS)
    assert inode(owner) == mine, name
    denied(f"enter the owner of {name}", lambda: call("setns", owner, 0))
for name in ("user", "pid"): denied(f"what is around {name}", lambda: fcntl.ioctl(open_own(name), NS_GET_PARENT))
HAS_NEXT = tuple(int(part) for part in platform.release().split(".")[:2]) >= (6, 12)
for number in (NS_MNT_GET_NEXT, NS_MNT_GET_PREV): denied("other mounts", lambda: fcntl.ioctl(open_own("mnt"), number, bytes(16)), errno.EPERM if HAS_NEXT else errno.ENOTTY)
denied("its terminal", lambda: os.open("/dev/tty", os.O_RDWR), errno.ENXIO)
for number in range(64): denied(f"terminal {number}", lambda: os.open(f"/dev/pts/{number}", os.O_RDWR), errno.ENOENT)
assert os.ttyname(os.openpty()[1]) == "/dev/pts/0"`),
    ends: [EXITED],
    prints: ALL_REFUSED,
  },
  {
    name: 'writes to every file of the kernel',
    source: refused(`written = []
OWN = ("/proc/self", "/proc/thread-self", f"/proc/{os.getpid()}")
for top in ("/proc", "/sys"):
    for folder, folders, files in os.walk(top):
        folders[:] = [name for name in folders if not f"{folder}/{name}".startswith(OWN)]
        for path in [f"{folder}/{name}" for name in files]:
            tried += 1
            try: write(path, b"0")
            except OSError: continue
            written.append(path)
# What is covered by /dev/null can be written to, and nothing comes of it.
written = [path for path in written if os.stat(path).st_rdev != os.stat("/dev/null").st_rdev]
assert not written, written
assert tried > 2000`),
    ends: [EXITED],
    prints: ALL_REFUSED,
  },
  {
    name: 'uses keyrings, io_uring, bpf, perf and userfaultfd',
    source: refused(`attributes = ctypes.create_string_buffer(128)
struct.pack_into("II", attributes, 0, 1, 112)
for command in range(12): denied(f"bpf {command}", lambda: call("bpf", command, attributes, 128))
for keyring in range(-8, 0):
    denied("add_key", lambda: call("add_key", b"user", b"name", b"x", 1, keyring))
    denied("keyctl", lambda: call("keyctl", 0, keyring, 1))
denied("request_key", lambda: call("request_key", b"user", b"name", 0, -4))
denied("io_uring_setup", lambda: call("io_uring_setup", 8, attributes), errno.ENOSYS)
denied("io_uring_enter", lambda: call("io_uring_enter", 0, 1, 1, 0, 0, 0), errno.ENOSYS)
denied("io_uring_register", lambda: call("io_uring_register", 0, 0, 0, 0), errno.ENOSYS)
for pid in (0, -1, 1): denied("perf", lambda: call("perf_event_open", attributes, pid, -1, -1, 0))
for flags in (0, 1): denied("userfaultfd", lambda: call("userfaultfd", flags))
denied("seccomp", lambda: call("seccomp", 1, 0, attributes), errno.ENOSYS)
denied("seccomp, the old way", lambda: call("prctl", 22, 2, attributes, 0, 0), errno.EINVAL)
denied("io_setup", lambda: call("io_setup", 128, attributes), errno.ENOSYS)
denied("fanotify", lambda: call("fanotify_init", 0, 0))
denied("secret memory", lambda: call("memfd_secret", 0))
denied("vmsplice", lambda: call("vmsplice", 1, attributes, 1, 8))`),
    ends: [EXITED],
    prints: ALL_REFUSED,
  },
  {
    name: 'loads modules, starts another kernel, and sets the clock and the name of the host',
    source: refused(`time_ = struct.pack("qq", 0, 0)
denied("init_module", lambda: call("init_module", b"x", 1, b""))
denied("finit_module", lambda: call("finit_module", 0, b"", 0))
denied("delete_module", lambda: call("delete_module", b"ext4", 0))
denied("kexec", lambda: call("kexec_load", 0, 0, 0, 0))
denied("kexec by file", lambda: call("kexec_file_load", 0, 0, 0, 0, 0))
denied("reboot", lambda: call("reboot", 0xfee1dead, 672274793, 0x1234567, 0))
denied("acct", lambda: call("acct", b"/workspace/main.py"))
denied("syslog", lambda: call("syslog", 3, ctypes.create_string_buffer(64), 64))
denied("sethostname", lambda: call("sethostname", b"x", 1))
denied("setdomainname", lambda: call("setdomainname", b"x", 1))
denied("settimeofday", lambda: call("settimeofday", time_, 0))
for clock in (0, 1, 7, 11): denied(f"clock {clock}", lambda: call("clock_settime", clock, time_))
denied("adjtimex", lambda: call("adjtimex", b"\\1" + bytes(255)))
denied("clock_adjtime", lambda: call("clock_adjtime", 0, b"\\1" + bytes(255)))
denied("swapoff", lambda: call("swapoff", b"/dev/sda1"))
denied("addresses not random", lambda: call("personality", 0x40000))`),
    ends: [EXITED],
    prints: ALL_REFUSED,
  },
  {
    name: 'opens files by their handle, past every mount',
    source: refused(`handle = ctypes.create_string_buffer(struct.pack("Ii", 128, 0), 136)
denied("name_to_handle_at", lambda: call("name_to_handle_at", -100, b"/", handle, ctypes.create_string_buffer(4), 0))
for inode in (2, 128, 256):
    handle = ctypes.create_string_buffer(struct.pack("IiQ", 8, 1, inode), 136)
    denied(f"inode {inode}", lambda: call("open_by_handle_at", os.open("/etc/hostname", os.O_RDONLY), handle, 0))`),
    ends: [EXITED],
    prints: ALL_REFUSED,
  },
  {
    name: 'becomes root again, or another user',
    source: refused(`for who in (0, 1, 1000, os.getuid() + 1, 65533):
    for name in ("setuid", "setgid", "seteuid", "setegid"): denied(f"{name} {who}", lambda: getattr(os, name)(who))
    denied(f"setresuid {who}", lambda: os.setresuid(who, who, who))
    denied(f"setgroups {who}", lambda: os.setgroups([who]))
    denied(f"setfsuid {who}", lambda: call("setfsuid", who))
for version in (0x20080522, 0x19980330):
    denied("capset", lambda: call("capset", struct.pack("Ii", version, 0), struct.pack("IIIIII", *[0xffffffff] * 6)))
PR_CAP_AMBIENT, PR_SET_KEEPCAPS, PR_CAPBSET_READ, PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, PR_SET_SECUREBITS = 47, 8, 23, 38, 22, 28
def prctl(*words):
    if libc.prctl(*[ctypes.c_ulong(word) for word in words], *[ctypes.c_ulong(0)] * (5 - len(words))) < 0: raise OSError(ctypes.get_errno(), "refused")
for capability in range(int(read("/proc/sys/kernel/cap_last_cap")) + 1): denied(f"ambient {capability}", lambda: prctl(PR_CAP_AMBIENT, 2, capability))
denied("new privileges again", lambda: prctl(PR_SET_NO_NEW_PRIVS, 0), errno.EINVAL)
denied("no filter", lambda: prctl(PR_SET_SECCOMP, 0), errno.EINVAL)
denied("other bits", lambda: prctl(PR_SET_SECUREBITS, 0xff))`),
    ends: [EXITED],
    prints: ALL_REFUSED,
  },
  {
    name: 'writes kernel settings, and reads what the kernel keeps secret',
    source:
      refused(`for path in ("sys/kernel/core_pattern", "sys/kernel/modprobe", "sys/vm/panic_on_oom", "sys/kernel/hostname", "sysrq-trigger", "sys/net/ipv4/ip_forward", "sys/fs/binfmt_misc/register", "irq/default_smp_affinity", "bus/pci/devices", "sys/kernel/unprivileged_bpf_disabled"):
    denied(path, lambda: write(f"/proc/{path}", b"1"), if_there(f"/proc/{path}", errno.EROFS))
denied("mtrr", lambda: write("/proc/mtrr", b"1"), if_there("/proc/mtrr", errno.EACCES))
denied("its own label", lambda: write("/proc/self/attr/current", b"1"), errno.EINVAL)
for path in ("/sys/kernel/uevent_helper", "/sys/power/state", "/sys/module/kernel/parameters/panic", "/sys/kernel/mm/transparent_hugepage/enabled", "/sys/class/net/lo/mtu"):
    denied(path, lambda: write(path, b"1"), errno.EROFS)
denied("release_agent", lambda: write("/sys/fs/cgroup/release_agent", b"1"), errno.EROFS if HAS_CGROUP_V2 else errno.EACCES)
def look(path):
    found = read(path)
    if not found.strip(b"0 \\n"): raise OSError(errno.ENODATA, "nothing there")
    return found
for path in ("/proc/kcore", "/proc/keys", "/proc/timer_list", "/proc/sched_debug", "/proc/latency_stats", "/proc/kallsyms"):
    denied(path, lambda: look(path), if_there(path, errno.ENODATA))
for path in ("/sys/firmware/dmi/tables/DMI", "/sys/kernel/debug/x"): denied(path, lambda: look(path), errno.ENOENT)
for path in ("/proc/kmsg", "/proc/kpagecount", "/etc/shadow", "/proc/1/environ"):
    denied(path, lambda: look(path), if_there(path, errno.EACCES))`),
    ends: [EXITED],
    prints: ALL_REFUSED,
  },
  {
    name: 'makes system calls of 32 bits and of x32',
    source: refused(`def killed(act):
    child = os.fork()
    if child == 0: os._exit(7 if act() else 0)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status == -signal.SIGSYS: raise PermissionError(errno.EPERM, "killed by the filter")
    return status
if HERE == X86:
    for nr in (39, 57, 101, 165, 272, 321, 425, 520, 545):
        denied(f"x32 {nr}", lambda: killed(lambda: libc.syscall(ctypes.c_long(0x40000000 | nr), *[ctypes.c_long(0)] * 6) >= 0))
    import mmap
    # mov eax, 20 (getpid of 32 bits); int 0x80; ret
    code = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    code.write(bytes.fromhex("b814000000cd80c3"))
    door = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(code)))
    denied("int 0x80", lambda: killed(lambda: door() == os.getpid()))
else: denied("there is no other door", lambda: call("bpf", 0, 0, 0))`),
    ends: [EXITED],
    prints: ALL_REFUSED,
  },
  {
    name: 'makes every system call, with nonsense arguments',
    source: `import ctypes, os, random, signal, time
libc = ctypes.CDLL(None)
random.seed(4)
# Some end or suspend the child, and kill(-1) would end the program.
SKIPPED = {"x86_64": {34, 35, 60, 62, 128, 130, 230, 231}, "aarch64": {73, 93, 94, 101, 115, 129, 133, 137}}[os.uname().machine]
for number in range(470):
    if number in SKIPPED: continue
    child = os.fork()
    if child == 0:
        signal.alarm(1)
        for fd in (1, 2): os.dup2(os.open("/dev/null", os.O_WRONLY), fd)
        for _ in range(3): libc.syscall(ctypes.c_long(number), *[ctypes.c_long(random.choice((0, 1, -1, 0xffff, random.getrandbits(63)))) for _ in range(6)])
        os._exit(0)
    end = time.monotonic() + 0.02
    while os.waitpid(child, os.WNOHANG) == (0, 0):
        if time.monotonic() > end:
            try: os.kill(child, signal.SIGKILL)
            except ProcessLookupError: pass
        time.sleep(0.0005)
print("done")`,
    limits: { wallMs: 20_000, cpuMs: 10_000 },
    // It waits for each call, and a busy machine makes that longer than its limit.
    ends: [EXITED, OVERDUE],
    prints: ({ type }) => (type === 'exited' ? 'done\n' : ''),
    // Some calls make what outlives its program, such as shared memory.
  },
]

/** Python: `NUMBERS[name][HERE]` is the number of a system call on this machine. `platform` must be imported before. */
export const SYSTEM_CALLS = `X86, ARM = 0, 1
HERE = {"x86_64": X86, "aarch64": ARM}[platform.machine()]
NUMBERS = {
    "acct": (163, 89), "add_key": (248, 217), "adjtimex": (159, 171), "bpf": (321, 280), "capset": (126, 91),
    "chroot": (161, 51), "clock_adjtime": (305, 266), "clock_settime": (227, 112), "clone": (56, 220), "clone3": (435, 435),
    "delete_module": (176, 106), "fanotify_init": (300, 262), "finit_module": (313, 273), "fsconfig": (431, 431),
    "fsmount": (432, 432), "fsopen": (430, 430), "fspick": (433, 433), "init_module": (175, 105),
    "io_setup": (206, 0), "io_uring_enter": (426, 426), "io_uring_register": (427, 427), "io_uring_setup": (425, 425), "kcmp": (312, 272),
    "kexec_file_load": (320, 294), "kexec_load": (246, 104), "keyctl": (250, 219), "memfd_secret": (447, 447),
    "migrate_pages": (256, 238), "mount": (165, 40), "mount_setattr": (442, 442), "move_mount": (429, 429),
    "move_pages": (279, 239), "name_to_handle_at": (303, 264), "open_by_handle_at": (304, 265), "open_tree": (428, 428),
    "perf_event_open": (298, 241), "personality": (135, 92), "pidfd_getfd": (438, 438), "pidfd_open": (434, 434),
    "pidfd_send_signal": (424, 424), "pivot_root": (155, 41), "process_madvise": (440, 440),
    "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "ptrace": (101, 117), "quotactl": (179, 60),
    "prctl": (157, 167), "reboot": (169, 142), "request_key": (249, 218), "rt_sigqueueinfo": (129, 138), "rt_tgsigqueueinfo": (297, 240),
    "seccomp": (317, 277), "setdomainname": (171, 162), "setfsuid": (122, 151), "sethostname": (170, 161), "setns": (308, 268),
    "settimeofday": (164, 170), "swapoff": (168, 225), "swapon": (167, 224), "syslog": (103, 116), "tgkill": (234, 131),
    "umount2": (166, 39), "unshare": (272, 97), "userfaultfd": (323, 282), "vmsplice": (278, 75),
}
`

/**
 * For programs that try one forbidden thing after another. `denied(what, act, by)` prints nothing if the kernel refuses with
 * exactly this error, EPERM if it is left out, and otherwise what happened instead. `call(name, …)` is a system call by its
 * name. It is Python, and goes before the program.
 */
const PRELUDE = `import ctypes, errno, fcntl, os, platform, signal, socket, struct, sys, time
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
${SYSTEM_CALLS}def call(name, *args):
    words = [ctypes.c_long(arg) if isinstance(arg, int) else arg for arg in args]
    result = libc.syscall(ctypes.c_long(NUMBERS[name][HERE]), *words)
    if result < 0: raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result
tried = 0
def denied(what, act, by=errno.EPERM):
    global tried
    tried += 1
    try: answer = act()
    except OSError as error:
        if error.errno != by: print(what, "met", error, "instead of", errno.errorcode.get(by, by))
    else: print(what, "went through:", answer)
def write(path, data=b"x"):
    with open(path, "wb", buffering=0) as file: return file.write(data)
def read(path):
    with open(path, "rb", buffering=0) as file: return file.read(16)
# What has no such file or no such kernel function says so, and the error of one that is there differs.
def if_there(path, error): return error if os.path.lexists(path) else errno.ENOENT
HAS_CGROUP_V2 = os.path.exists("/sys/fs/cgroup/cgroup.controllers")
`

export const refused = (program: string): string => `${PRELUDE}${program}\nprint(tried, "refused")`

/** What such a program prints if everything was refused. */
export const ALL_REFUSED = /^[1-9]\d* refused\n$/

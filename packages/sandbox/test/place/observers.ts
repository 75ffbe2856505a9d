import type { LanguageId } from '@runnel/languages'
import { SYSTEM_CALLS } from '../hostile/refused.ts'

/**
 * Programs that print what they find, as JSON of type `Observation`. They print it as the kernel says it: to-facts.ts
 * makes it comparable. Each has the second program beside it, as place.py, and runs it.
 */
const PYTHON = `import json, os, subprocess, sys
def read(path):
    with open(path, "rb") as file: return file.read().decode(errors="replace")
def find_descriptors():
    found = {}
    for fd in os.listdir("/proc/self/fd"):
        try: found[fd] = [os.readlink(f"/proc/self/fd/{fd}"), read(f"/proc/self/fdinfo/{fd}")]
        except OSError: pass
    return found
process = {name: read(f"/proc/self/{name}") for name in ("status", "limits", "stat", "oom_score_adj", "cgroup", "environ", "cmdline")}
process["descriptors"] = find_descriptors()
print(end="", flush=True)
print(end="", file=sys.stderr, flush=True)
process |= {"environment": dict(os.environ), "arguments": sys.argv, "executable": sys.executable, "folder": os.getcwd()}
process["descriptorsAfterOutput"] = find_descriptors()
place = json.loads(subprocess.run(["python3", "place.py"], capture_output=True, check=True).stdout)
print(json.dumps({"process": process, "place": place}))`

const NODE = `const fs = require('node:fs')
const read = (path) => fs.readFileSync(path, 'utf8')
const findDescriptors = () =>
  Object.fromEntries(
    fs.readdirSync('/proc/self/fd').flatMap((fd) => {
      try { return [[fd, [fs.readlinkSync('/proc/self/fd/' + fd), read('/proc/self/fdinfo/' + fd)]]] } catch { return [] }
    }),
  )
const names = ['status', 'limits', 'stat', 'oom_score_adj', 'cgroup', 'environ', 'cmdline']
const kernel = Object.fromEntries(names.map((name) => [name, read('/proc/self/' + name)]))
const descriptors = findDescriptors()
process.stdout.write('')
process.stderr.write('')
const own = { environment: process.env, arguments: process.argv.slice(1), executable: process.execPath, folder: process.cwd() }
const found = { ...kernel, descriptors, descriptorsAfterOutput: findDescriptors(), ...own }
const place = JSON.parse(require('node:child_process').execFileSync('python3', ['place.py']))
console.log(JSON.stringify({ process: found, place }))`

export const toObserver = (language: LanguageId): Readonly<Record<string, string>> => {
  const own: Readonly<Record<LanguageId, Readonly<Record<string, string>>>> = {
    python: { 'main.py': PYTHON },
    javascript: { 'main.js': NODE },
    typescript: { 'main.ts': NODE },
    // The same process goes on as a Python, which looks at what it was given.
    bash: { 'main.sh': 'exec python3 -u observer.py "$@"', 'observer.py': PYTHON },
  }
  return { ...own[language], 'place.py': PLACE }
}

const PLACE = `import ctypes, errno, grp, json, os, platform, pwd, re, socket, stat, sys, termios
facts = {}
ROOT = os.stat("/usr").st_uid
facts["user: of the image"] = ROOT
def owners(state): return ["root" if one in (0, ROOT) else one for one in (state.st_uid, state.st_gid)]
def read(path):
    try:
        with open(path, "rb", buffering=0) as file: return file.read(65536).decode(errors="replace").strip()
    except OSError as error: return errno.errorcode[error.errno]
def attempt(act):
    try: return act()
    except socket.gaierror as error: return next(name for name in dir(socket) if name.startswith("EAI_") and getattr(socket, name) == error.errno)
    except OSError as error: return errno.errorcode.get(error.errno, str(error))
    except (KeyError, OverflowError) as error: return type(error).__name__

# Users and names
me = os.getuid()
facts["user: name"] = attempt(lambda: pwd.getpwuid(me).pw_name)
facts["user: home"] = attempt(lambda: pwd.getpwuid(me).pw_dir)
facts["user: group"] = attempt(lambda: grp.getgrgid(os.getgid()).gr_name)
facts["users: others"] = sorted(user.pw_name for user in pwd.getpwall() if user.pw_uid != me)
facts["groups: others"] = sorted(group.gr_name for group in grp.getgrall() if group.gr_gid != os.getgid())
facts["name: of the machine"] = platform.node()
for name in ("localhost", "ip6-localhost", "example.com"):
    facts[f"name: {name}"] = attempt(lambda: sorted({address[0] for *_, address in socket.getaddrinfo(name, 80)}))
facts["name: its own"] = attempt(lambda: sorted({address[0] for *_, address in socket.getaddrinfo(platform.node(), 80)}))
for name in ("http", "ssh"): facts[f"service: {name}"] = attempt(lambda: socket.getservbyname(name))
for file in set(os.listdir("/etc")) - {"mtab"}:
    path = f"/etc/{file}"
    state = os.stat(path)
    facts[f"file: {path}"] = [stat.filemode(state.st_mode), *owners(state), read(path) if stat.S_ISREG(state.st_mode) else ""]
for name in os.listdir("/"):
    state = os.stat(f"/{name}")
    facts[f"file: /{name}"] = [stat.filemode(state.st_mode), *owners(state)]

# Places
for line in open("/proc/mounts"):
    _, path, kind, options, *_ = line.split()
    facts[f"mount: {path}"] = [kind, *sorted(options.split(","))]
for folder in ("/", "/bin", "/dev", "/dev/shm", "/dev/mqueue", "/etc", "/home", "/opt", "/proc", "/root", "/run", "/srv", "/sys", "/sys/fs/cgroup", "/tmp", "/usr/local", "/var/tmp", "/var/lib", "/workspace", os.path.expanduser("~")):
    def write():
        with open(f"{folder}/probe", "w") as file: file.write("#!/bin/sh\\nexit 0\\n")
        os.chmod(f"{folder}/probe", 0o755)
        try: return "runs programs" if os.spawnv(os.P_WAIT, f"{folder}/probe", ["probe"]) == 0 else "runs no programs"
        finally: os.unlink(f"{folder}/probe")
    facts[f"writing in: {folder}"] = attempt(write)
for root in ("/dev", "/dev/pts"):
    for name in os.listdir(root):
        path = f"{root}/{name}"
        state = os.lstat(path)
        kind = os.readlink(path) if stat.S_ISLNK(state.st_mode) else f"{os.major(state.st_rdev)}:{os.minor(state.st_rdev)}"
        facts[f"device: {path}"] = [stat.filemode(state.st_mode), *owners(state), kind]
for folder in os.environ["PATH"].split(":"):
    for name in os.listdir(folder):
        if os.access(f"{folder}/{name}", os.X_OK): facts[f"tool: {name}"] = "there"
facts["devices of the network"] = sorted(os.listdir("/sys/class/net"))
facts["control groups: files"] = sorted({os.path.basename(path) for path, *_ in os.walk("/sys/fs/cgroup")})
for name, paths in {"memory": ("memory.max", "memory/memory.limit_in_bytes"), "processes": ("pids.max", "pids/pids.max"), "processors": ("cpu.max", "cpu/cpu.cfs_quota_us")}.items():
    facts[f"control groups: {name}"] = next((read(path) for path in (f"/sys/fs/cgroup/{path}" for path in paths) if os.path.exists(path)), "no limit")
facts["processors"] = [os.cpu_count(), len(os.sched_getaffinity(0))]
facts["clock"] = [read("/etc/timezone"), os.readlink("/etc/localtime")]
facts["priority"] = [os.getpriority(os.PRIO_PROCESS, 0), os.sched_getscheduler(0)]

# The terminal, where it has one: standard input is the observer's
if os.isatty(0):
    facts["terminal: name"] = os.ttyname(0)
    for name, value in zip(("input", "output", "control", "local", "speed in", "speed out", "characters"), termios.tcgetattr(0)): facts[f"terminal: {name}"] = str(value)
    facts["terminal: is in the foreground"] = os.tcgetpgrp(0) == os.getpgrp()
    facts["terminal: controls"] = attempt(lambda: os.close(os.open("/dev/tty", os.O_RDWR)) or "yes")
    state = os.fstat(0)
    facts["terminal: file"] = [stat.filemode(state.st_mode), *owners(state)]

# The kernel
for name in os.listdir("/proc"):
    if not name.isdigit() and os.path.isfile(f"/proc/{name}") and name not in ("kmsg", "kcore"):
        facts[f"readable: /proc/{name}"] = attempt(lambda: os.close(os.open(f"/proc/{name}", os.O_RDONLY)) or "yes")
for name in ("acpi", "asound", "scsi", "kcore", "kmsg", "sys/kernel/core_pattern"):
    facts[f"readable: /proc/{name}"] = attempt(lambda: sorted(os.listdir(f"/proc/{name}")) if os.path.isdir(f"/proc/{name}") else os.close(os.open(f"/proc/{name}", os.O_RDONLY)) or "yes")
for name in ("firmware", "kernel/security", "fs", "module"):
    facts[f"readable: /sys/{name}"] = attempt(lambda: len(os.listdir(f"/sys/{name}")))
COUNTER = re.compile(r"(-state|[-/]nr|/syncs|/ns_last_pid|/uuid|/entropy_avail|_count)$")  # these change all the time
for folder, _, files in os.walk("/proc/sys"):
    for name in (f"{folder[10:]}/{name}" for name in files):
        if not COUNTER.search(name): facts[f"setting: {name}"] = read(f"/proc/sys/{name}")
facts["namespaces"] = sorted(os.listdir("/proc/self/ns"))
libc = ctypes.CDLL(None, use_errno=True)
${SYSTEM_CALLS}def is_refused(number):
    """In a process of its own. No call does anything with these arguments, except for failing."""
    child = os.fork()
    if child == 0:
        result = libc.syscall(ctypes.c_long(number), *[ctypes.c_long(-1)] * 6)
        os._exit(ctypes.get_errno() & 0xFF if result < 0 else 0)
    status = os.waitpid(child, 0)[1]
    code = os.WEXITSTATUS(status) if os.WIFEXITED(status) else 0
    return errno.errorcode[code] if code in (errno.EPERM, errno.ENOSYS) else "exists"
for name, numbers in NUMBERS.items(): facts[f"system call: {name}"] = is_refused(numbers[HERE])
for name, family in {"unix": 1, "inet": 2, "inet6": 10, "netlink": 16, "packet": 17, "vsock": 40, "alg": 38, "bluetooth": 31, "can": 29, "key": 15, "xdp": 44}.items():
    for kind in ("SOCK_STREAM", "SOCK_DGRAM", "SOCK_RAW"):
        facts[f"socket: {name} {kind}"] = attempt(lambda: socket.socket(family, getattr(socket, kind)).close() or "yes")
json.dump(facts, sys.stdout)`

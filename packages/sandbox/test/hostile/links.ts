import { EXITED, type HostileCase, OVERDUE } from './case.ts'
import { ALL_REFUSED, refused } from './refused.ts'

/** Leaving links, pipes and devices where others will read or write, especially in place of the next job’s files. */
export const links: readonly HostileCase[] = [
  {
    name: 'replaces its program by a link to a file of the image',
    source: 'import os\nos.unlink("main.py")\nos.symlink("/etc/passwd", "main.py")\nprint("left")',
    ends: [EXITED],
    prints: 'left\n',
  },
  {
    name: 'replaces its program by a pipe that nobody reads',
    source: 'import os\nos.unlink("main.py")\nos.mkfifo("main.py")\nprint("left")',
    ends: [EXITED],
    prints: 'left\n',
  },
  {
    name: 'replaces its program by a full folder that it closes',
    source:
      'import os\nos.unlink("main.py")\nos.makedirs("main.py/a/b")\nos.chmod("main.py/a", 0)\nos.chmod("main.py", 0)\nprint("left")',
    ends: [EXITED],
    prints: 'left\n',
  },
  {
    name: 'replaces its program by a socket',
    source: 'import os, socket\nos.unlink("main.py")\nsocket.socket(socket.AF_UNIX).bind("main.py")\nprint("left")',
    ends: [EXITED],
    prints: 'left\n',
  },
  {
    name: 'leaves an endless chain of links, and links to themselves',
    source: `import os
os.symlink("b", "a"); os.symlink("a", "b"); os.symlink("self", "self"); os.symlink(".", "here"); os.symlink("/proc/1/root", "out")
for n in range(100): os.symlink(f"/workspace/chain{n + 1}", f"chain{n}")
os.symlink("/workspace", "/tmp/back"); os.symlink("/proc/self/fd/1", "/dev/shm/out")
print("left")`,
    ends: [EXITED],
    prints: 'left\n',
  },
  {
    name: 'swaps its program for a link and back as fast as it can, also after it has ended',
    source: `import os, signal, time
os.symlink("/etc/passwd", "link")
for _ in range(4):
    if os.fork() == 0:
        os.setsid()
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        while True:
            for turn in (("main.py", "aside"), ("link", "main.py"), ("main.py", "link"), ("aside", "main.py")):
                try: os.rename(*turn)
                except OSError: pass
time.sleep(0.1)
os._exit(0)`,
    ends: [EXITED],
  },
  {
    name: 'moves folders while others walk through them, also after it has ended',
    source: `import os, signal, time
os.makedirs("/tmp/a/b/c"); os.makedirs("/tmp/d"); os.symlink("/etc", "/tmp/e")
for _ in range(4):
    if os.fork() == 0:
        os.setsid()
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        while True:
            for turn in (("/tmp/a/b", "/tmp/d/b"), ("/tmp/d/b", "/tmp/a/b"), ("/tmp/e", "/tmp/a/b/c/e"), ("/tmp/a/b/c/e", "/tmp/e")):
                try: os.rename(*turn)
                except OSError: pass
time.sleep(0.1)
os._exit(0)`,
    ends: [EXITED],
  },
  {
    name: 'holds a lease on its files, so that anyone who opens them must wait',
    source: `import fcntl, os, time
held = [os.open(name, os.O_CREAT | os.O_RDWR) for name in ("leased", "/tmp/leased")]
for fd in held: fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_WRLCK)
fcntl.fcntl(os.open("main.py", os.O_RDONLY), fcntl.F_SETLEASE, fcntl.F_RDLCK)
if os.fork() == 0:
    os.setsid()
    time.sleep(60)
print("left")`,
    ends: [EXITED],
    prints: 'left\n',
  },
  {
    name: 'links files of the image into its workspace',
    source: refused(`for path in ("/etc/passwd", "/opt/runnel/agent/supervisor.py", "/usr/bin/python3", "/etc/shadow"):
    for place in ("/workspace", "/tmp", "/dev/shm"):
        denied(f"{path} in {place}", lambda: os.link(path, f"{place}/hard"), errno.EXDEV)
denied("the agent", lambda: os.link("/proc/1/exe", "/tmp/hard", follow_symlinks=True), errno.EXDEV)
denied("its output", lambda: os.link("/proc/1/fd/1", "/tmp/hard", follow_symlinks=True), errno.EACCES)`),
    ends: [EXITED],
    prints: ALL_REFUSED,
  },
  {
    name: 'changes who it is and what names mean',
    source: refused(`import pathlib, pwd
for name in ("passwd", "group", "hosts", "nsswitch.conf", "resolv.conf", "ld.so.cache", "hostname", "shadow"):
    for folder in ("/etc", "/opt/runnel/etc"):
        path = f"{folder}/{name}"
        denied(f"write {path}", lambda: write(path), errno.EROFS)
        denied(f"truncate {path}", lambda: os.truncate(path, 0), errno.EACCES)
        denied(f"remove {path}", lambda: os.unlink(path), errno.EROFS)
        denied(f"replace {path}", lambda: os.rename("main.py", path), errno.EXDEV)
        for act in (lambda: os.chmod(path, 0o777), lambda: os.chown(path, os.getuid(), os.getgid()), lambda: os.utime(path, (1, 1))):
            denied(f"change {path}", act, errno.EROFS)
for name in ("/etc/ld.so.preload", "/etc/nologin", "/etc/new"):
    denied(f"make {name}", lambda: pathlib.Path(name).touch(), errno.EROFS)
    denied(f"link {name}", lambda: os.symlink("/workspace", name), errno.EROFS)
denied("move /etc", lambda: os.rename("/etc", "/tmp/etc"), errno.EXDEV)
denied("chmod /etc", lambda: os.chmod("/etc", 0o777), errno.EROFS)
assert pwd.getpwuid(os.getuid()).pw_name == "runner"`),
    ends: [EXITED],
    prints: ALL_REFUSED,
  },
  {
    name: 'makes devices of its own',
    source: refused(`import stat
for kind in (stat.S_IFCHR, stat.S_IFBLK):
    for major, minor in ((1, 1), (1, 3), (1, 5), (5, 1), (8, 0), (254, 0), (10, 229), (10, 232)):
        for place in ("/workspace", "/tmp", "/dev/shm", "/dev"):
            by = errno.EROFS if place == "/dev" else errno.EPERM
            denied(f"{major}:{minor} in {place}", lambda: os.mknod(f"{place}/device", kind | 0o666, os.makedev(major, minor)), by)
for name in ("mem", "kmsg", "port", "fuse", "kvm", "net/tun", "sda", "vda", "loop-control", "console", "cuse", "vhost-net", "uinput"):
    denied(name, lambda: os.open(f"/dev/{name}", os.O_RDWR), errno.ENOENT)`),
    ends: [EXITED],
    prints: ALL_REFUSED,
  },
  {
    name: 'makes setuid programs, and gives files to root',
    source: `import os, shutil, subprocess
shutil.copy("/usr/bin/env", "raised")
for mode in (0o4755, 0o2755, 0o6777):
    os.chmod("raised", mode)
    status = subprocess.run(["./raised", "cat", "/proc/self/status"], capture_output=True, text=True).stdout
    lines = [line.split() for line in status.splitlines() if line.startswith(("Uid", "Gid", "CapEff"))]
    print([set(line[1:]) in ({str(os.getuid())}, {"0" * 16}) for line in lines])
tried = 0
for act in (
    lambda: os.chown("raised", 0, 0), lambda: os.lchown("raised", 0, -1), lambda: os.chown("raised", -1, 0),
    lambda: os.setxattr("raised", "security.capability", bytes.fromhex("0100000200200000000000000000000000000000")),
    lambda: os.setxattr("raised", "trusted.x", b"x"),
):
    try: act()
    except PermissionError as error: tried += error.errno == 1
print(tried)`,
    ends: [EXITED],
    prints: `${'[True, True, True]\n'.repeat(3)}5\n`,
  },
  {
    name: 'waits at many pipes for anyone who opens them',
    source: `import os, threading
for place in ("/workspace", "/tmp", "/dev/shm"):
    for n in range(5):
        os.mkfifo(f"{place}/fifo{n}")
        threading.Thread(target=open, args=(f"{place}/fifo{n}", "rb")).start()`,
    limits: { wallMs: 1_000 },
    ends: [OVERDUE],
  },
]

import type Docker from 'dockerode'

/**
 * A running Python that forks one program after another, on every processor. This is the upper bound, without a
 * service, a queue, a sandbox and a client.
 */
const SCRIPT = `
import gc, os, sys, time
gc.freeze()
def run_one():
    out, out_theirs = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.dup2(out_theirs, 1)
        exec(compile("print(1)", "main.py", "exec"), {"__name__": "__main__"})
        sys.exit()
    os.close(out_theirs)
    while os.read(out, 100):
        pass
    os.close(out)
    os.waitpid(pid, 0)
def loop():
    end, programs = time.monotonic() + float(sys.argv[1]), 0
    while time.monotonic() < end:
        run_one()
        programs += 1
    return programs
counts, count_theirs = os.pipe()
processors = len(os.sched_getaffinity(0))
for _ in range(processors):
    if os.fork() == 0:
        os.write(count_theirs, b"%d\\n" % loop())
        os._exit(0)
for _ in range(processors):
    os.wait()
print("a second:", sum(map(int, os.read(counts, 65536).split())) / float(sys.argv[1]))
`

/** Programs a second. */
export const measureForkCeiling = async (docker: Docker, label: string, ms: number): Promise<number> => {
  const container = await docker.createContainer({
    Image: 'runnel/python',
    Entrypoint: ['python3', '-c', SCRIPT, String(ms / 1_000)],
    Labels: { [label]: 'fork-ceiling' },
    NetworkDisabled: true,
    HostConfig: { NetworkMode: 'none' },
  })
  try {
    await container.start()
    await container.wait()
    const printed = (await container.logs({ stdout: true })).toString('utf8')
    const rate = Number(/a second: ([\d.]+)/.exec(printed)?.[1])
    if (!(rate > 0)) throw new Error(`The programs could not be counted: ${printed}`)
    return rate
  } finally {
    await container.remove({ force: true, v: true })
  }
}

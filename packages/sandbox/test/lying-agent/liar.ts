import { LANGUAGES, type Language } from '@runnel/languages'

/** Functions that speak the protocol as the agent does. The code after them decides what is sent. */
const SPEAK = `import json, os, struct, sys, time
def write(data):
    view = memoryview(data)
    while view: view = view[os.write(1, view):]
def frame(kind, stream, payload=b""): return struct.pack(">IBI", len(payload), kind, stream) + payload
def exactly(count):
    data = b""
    while len(data) < count: data += os.read(0, count - len(data)) or sys.exit(0)
    return data
def receive():
    length, kind, stream = struct.unpack(">IBI", exactly(9))
    return kind, stream, exactly(length)
def as_json(value): return json.dumps(value).encode()
READY = {"protocol": 9, "cgroup": "v1", "warm": True}
REPORT = {"code": 0, "signal": None, "wallMs": 1, "cpuMs": 1, "peakMemoryBytes": 1, "oomKilled": False, "limit": None, "hits": []}
INIT, PUT, DATA, EXEC = 7, 4, 5, 1
ready, stdout, stderr, ended, done, error, grant = 64, 65, 66, 67, 68, 69, 70
def report(**lies): return frame(ended, stream, as_json({**REPORT, **lies}))
`

/** Sends an honest READY, then does what the job’s program says, with `stream` as the number of the job’s stream. */
const LIE_AS_TOLD = `receive()
write(frame(ready, 0, as_json(READY)))
lie = b""
while True:
    kind, stream, payload = receive()
    if kind == DATA: lie += payload
    if kind == EXEC: break
exec(lie.decode())
while True: receive()`

const [javascript] = LANGUAGES.filter(({ id }) => id === 'javascript')

/** JavaScript from the catalogue, but process 1 of its sandboxes is this command, in the image of Python. */
const toImpostor = (command: readonly string[]): Language => {
  if (javascript === undefined) throw new Error('The catalogue has no JavaScript')
  return { ...javascript, image: 'python', warm: { by: 'fork' }, command: () => command }
}

const asPython = (source: string) => ['python3', '-I', '-S', '-B', '-c', source]

/** An agent that sends what `source` says instead of READY, and does nothing more. */
export const createStranger = (source: string | readonly string[]): Language =>
  toImpostor(typeof source === 'string' ? asPython(`${SPEAK}${source}`) : source)

/** An agent that is honest until its job starts. */
export const liar: Language = toImpostor(asPython(`${SPEAK}${LIE_AS_TOLD}`))

import type { Program } from '@runnel/contract/public'
import type { LanguageId } from '@runnel/languages'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestSandboxes, type TestSandboxes } from './docker-fixture.ts'
import { type RunOptions, runCleanly, run as runIn } from './run.ts'

/** Every way in which a program starts. Args or variables of its own make it start anew. */
const WAYS: readonly (readonly [LanguageId, Partial<Program>])[] = [
  ['python', {}],
  ['python', { env: { OWN: '1' } }],
  ['javascript', {}],
  ['javascript', { args: ['own'] }],
  ['typescript', {}],
  ['bash', {}],
]

const LOOPBACK = ['127.0.0.1', '::1']

/** Prints, as JSON, what each name means (its addresses, or the error), and whether all lookups took less than a second. */
const PYTHON_LOOKUP = `import json, socket, sys, time
def look_up(name):
    try: return sorted({address[0] for *_, address in socket.getaddrinfo(name, 80)})
    except socket.gaierror as error: return error.errno == socket.EAI_NONAME and "not known"
started = time.monotonic()
found = {name: look_up(name) for name in json.load(sys.stdin)}
print(json.dumps({"found": found, "atOnce": time.monotonic() - started < 1}))`

const NODE_LOOKUP = `const { lookup } = require('node:dns/promises')
const names = JSON.parse(require('node:fs').readFileSync(0, 'utf8'))
const lookUp = (name) => lookup(name, { all: true }).then(
  (found) => [...new Set(found.map(({ address }) => address))].sort(),
  ({ code }) => code === 'ENOTFOUND' && 'not known',
)
const started = performance.now()
Promise.all(names.map(async (name) => [name, await lookUp(name)])).then((found) => {
  console.log(JSON.stringify({ found: Object.fromEntries(found), atOnce: performance.now() - started < 1_000 }))
})`

/** Prints name, number, group, home and shell of the user, as that language's programs ask for them. */
const WHO: Readonly<Record<LanguageId, string>> = {
  python: `import getpass, grp, os, pwd
me = pwd.getpwuid(os.getuid())
assert pwd.getpwnam("runner") == me and os.path.expanduser("~runner") == os.path.expanduser("~")
print(getpass.getuser(), me.pw_uid == os.geteuid(), grp.getgrgid(os.getgid()).gr_name, me.pw_dir, me.pw_shell)`,
  javascript: `const { username, uid, homedir, shell } = require('node:os').userInfo()
const group = require('node:child_process').execFileSync('id', ['-gn']).toString().trim()
console.log(username, uid === process.getuid() ? 'True' : 'False', group, homedir, shell)`,
  typescript: `const { username, uid, homedir, shell } = require('node:os').userInfo()
const group: string = require('node:child_process').execFileSync('id', ['-gn']).toString().trim()
console.log(username, uid === process.getuid?.() ? 'True' : 'False', group, homedir, shell)`,
  bash: `IFS=: read -r name _ uid _ _ home shell < <(getent passwd "$UID")
[ "$uid" = "$(id -u)" ] && same=True
[ "$(whoami) $(stat -c %U:%G main.sh)" = "$name $name:$(id -gn)" ] && echo "$name $same $(stat -c %G main.sh)" ~runner "$shell"`,
}

describe('Names in a sandbox', () => {
  let sandboxes: TestSandboxes
  beforeAll(() => {
    sandboxes = createTestSandboxes()
  })
  afterAll(() => sandboxes[Symbol.asyncDispose]())

  const run = (options: RunOptions) => runCleanly(sandboxes, options)

  it.each([
    ['python', PYTHON_LOOKUP],
    ['javascript', NODE_LOOKUP],
  ])(
    'lead to loopback for the machine itself, and are not known otherwise, at once, in %s',
    async (language, source) => {
      const unknown = ['example.com', 'redis', 'host.docker.internal', 'sandbox.example.com', 'x'.repeat(63)]
      const stdin = JSON.stringify(['localhost', 'ip6-localhost', 'sandbox', ...unknown])
      expect(JSON.parse(await run({ language, source, program: { stdin } }))).toEqual({
        found: {
          localhost: LOOPBACK,
          'ip6-localhost': ['::1'],
          sandbox: ['127.0.0.1'],
          ...Object.fromEntries(unknown.map((name) => [name, 'not known'])),
        },
        atOnce: true,
      })
    },
  )

  it('lead to loopback for the tools of the shell too, at once', async () => {
    const source = `started=\${EPOCHREALTIME/./}
getent hosts localhost ip6-localhost sandbox "$(hostname)" | cut -d " " -f 1; getent hosts redis || echo $?
(( \${EPOCHREALTIME/./} - started < 1000000 )) && echo at once`
    expect(await run({ language: 'bash', source })).toBe('::1\n::1\n127.0.0.1\n127.0.0.1\n2\nat once\n')
  })

  it('are refused at once by a resolver that asks servers itself', async () => {
    const source = `const dns = require('node:dns')
const started = performance.now()
dns.resolve4('example.com', ({ code }) => console.log(code, performance.now() - started < 2_000))`
    expect(await run({ language: 'javascript', source })).toBe('ECONNREFUSED true\n')
  })

  it.each([
    [
      'python',
      `import http.server, threading, urllib.request
class Handler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_): pass
server = http.server.ThreadingHTTPServer(("localhost", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(urllib.request.urlopen(f"http://localhost:{server.server_port}/main.py").status)`,
    ],
    [
      'javascript',
      `const server = require('node:http').createServer((_, answer) => answer.end()).listen(0, 'localhost', async () => {
  console.log((await fetch('http://localhost:' + server.address().port)).status)
  server.close()
})`,
    ],
  ])('let a program in %s be server and client of itself', async (language, source) => {
    expect(await run({ language, source })).toBe('200\n')
  })

  it.each(WAYS)('say who runs: the user, its group, home and shell, in %s with %o', async (language, program) => {
    expect(await run({ language, program, source: WHO[language] })).toBe('runner True runner /workspace /bin/bash\n')
  })
})

describe('/tmp in a sandbox', () => {
  it('runs scripts and programs, like the workspace', async () => {
    await using sandboxes = createTestSandboxes()
    const source = `for place in /tmp /workspace "$(mktemp -d)"; do
  cp /bin/echo "$place/program" && "$place/program" "a program in \${place%.*}"
  printf '#!/bin/sh\\necho "a script in \${0%%/*}"\\n' > "$place/script" && chmod +x "$place/script" && (cd "$place" && ./script)
done`
    const { stdout, stderr } = await runIn(sandboxes, { language: 'bash', source })
    expect({ stdout: stdout.toString(), stderr: stderr.toString() }).toEqual({
      stdout: ['/tmp', '/workspace', '/tmp/tmp'].map((place) => `a program in ${place}\na script in .\n`).join(''),
      stderr: '',
    })
  })
})

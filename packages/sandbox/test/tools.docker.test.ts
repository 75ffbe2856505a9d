import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestSandboxes, type TestSandboxes } from './docker-fixture.ts'
import { type RunOptions, runCleanly, run as runIn } from './run.ts'

const PAGE = readFileSync(join(import.meta.dirname, '../../../docs/languages.md'), 'utf8')
const [, TABLE = ''] = /^\| package of Debian \| tools \|\n\|---\|---\|\n((?:\|.*\|\n)+)/m.exec(PAGE) ?? []
const DOCUMENTED = TABLE.split('\n').flatMap((row) => row.split('|')[2]?.trim().split(' ') ?? [])

/** Each prints one line if it works. */
const TRIALS: Readonly<Record<string, readonly [command: string, prints: string]>> = {
  awk: ["echo a b | awk '{print $2}'", 'b'],
  bc: ['echo "scale=3; 22/7" | bc', '3.142'],
  bzip2: ['echo text | bzip2 | bunzip2', 'text'],
  cal: ['cal 2 2024 | sed -n 4,4p | xargs', '4 5 6 7 8 9 10'],
  column: ['printf "a,b\\nccc,d\\n" | column -t -s , | tail -n 1', 'ccc  d'],
  dc: ['dc -e "2 3 ^ p"', '8'],
  diff: ['diff <(echo a) <(echo b) | head -n 1', '1c1'],
  file: ['file --brief --mime-type /bin/bash', 'application/x-pie-executable'],
  free: ['free --bytes | grep -c ^Mem:', '1'],
  jq: ['echo \'{"a": [1, {"b": 2}]}\' | jq --compact-output .a[1]', '{"b":2}'],
  less: ['echo text | less', 'text'],
  make: ['printf "all: part\\n\\t@cat part\\npart:\\n\\t@echo made > part\\n" > Makefile && make', 'made'],
  openssl: [
    'echo -n | openssl dgst -sha256 -r',
    'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 *stdin',
  ],
  patch: ['echo a > p && printf "1c1\\n< a\\n---\\n> b\\n" | patch --quiet p && cat p', 'b'],
  pgrep: ['pgrep --full "bash main.sh" | wc -l', '1'],
  ps: ['ps -o user=,comm= -p $$', 'runner   bash'],
  pstree: ['pstree $$ | grep -c ^bash', '1'],
  sqlite3: ['sqlite3 :memory: "SELECT upper(\'text\')"', 'TEXT'],
  strings: ['printf "\\0\\1text\\0" | strings', 'text'],
  tar: ['mkdir t && echo text > t/f && tar cJf t.tar.xz t && rm -r t && tar xf t.tar.xz && cat t/f', 'text'],
  time: ['command time --format %x true 2>&1', '0'],
  tree: ['mkdir -p r/s && tree --noreport r | tail -n 1', '└── s'],
  watch: ['watch --version | grep -c procps', '1'],
  xxd: ['echo -n hi | xxd', '00000000: 6869                                     hi'],
  xz: ['echo text | xz | unxz', 'text'],
  zip: [
    'mkdir z && echo text > z/f && zip --quiet --recurse-paths z.zip z && rm -r z && unzip -q z.zip && cat z/f',
    'text',
  ],
}

const LIST_TOOLS = `const fs = require('node:fs')
const folders = process.env.PATH.split(':').filter((folder) => fs.existsSync(folder))
const names = new Set(folders.flatMap((folder) => fs.readdirSync(folder)))
console.log(JSON.stringify([...names].sort()))`

describe('The tools in a sandbox', () => {
  let sandboxes: TestSandboxes
  beforeAll(() => {
    sandboxes = createTestSandboxes()
  })
  afterAll(() => sandboxes[Symbol.asyncDispose]())

  const run = (options: RunOptions) => runCleanly(sandboxes, options)

  it.each([
    [
      'python',
      'import json, os\nprint(json.dumps(sorted({name for folder in os.environ["PATH"].split(":") for name in os.listdir(folder)})))',
      ['python', 'fastapi', 'flask', 'uvicorn', 'websockets'],
    ],
    ['javascript', LIST_TOOLS, ['node']],
  ] as const)('are those that docs/languages.md lists, where %s runs', async (language, source, own) => {
    expect(JSON.parse(await run({ language, source }))).toEqual([...DOCUMENTED, ...own].sort())
  })

  it('work', async () => {
    const source = Object.entries(TRIALS)
      .map(([name, [command]]) => `printf '%s: ' ${name}; ${command}`)
      .join('\n')
    const wanted = Object.entries(TRIALS).map(([name, [, prints]]) => `${name}: ${prints}\n`)
    expect((await run({ language: 'bash', source })).split(/(?<=\n)/)).toEqual(wanted)
  })
})

describe('The standard library of Python in a sandbox', () => {
  let sandboxes: TestSandboxes
  beforeAll(() => {
    sandboxes = createTestSandboxes()
  })
  afterAll(() => sandboxes[Symbol.asyncDispose]())

  it('is there, but for what needs a display or Windows', async () => {
    const source = `import importlib, io, sys
missing, sys.stdout, printed = [], io.StringIO(), sys.stdout
for name in sorted(sys.stdlib_module_names - {"antigravity"}):
    try: importlib.import_module(name)
    except ImportError: missing.append(name)
print(*(name for name in missing if not name.startswith("_")), file=printed)`
    const { stdout } = await runIn(sandboxes, { source })
    expect(stdout.toString()).toBe('idlelib msvcrt nt tkinter turtle turtledemo winreg winsound\n')
  })

  // With pip it takes ten seconds of a processor: that is in `npm run test:slow`.
  it('makes virtual environments without a network, and has a pip for them', async () => {
    const source = `import ensurepip, subprocess, sys
def run(*command): return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
run(sys.executable, "-m", "venv", "--without-pip", "bare")
print(run("bare/bin/python", "-c", "import sys; print(sys.prefix)"))
print(ensurepip.version().split(".")[0].isdigit())`
    expect(await runCleanly(sandboxes, { source })).toBe('/workspace/bare\nTrue\n')
  })

  it('finds time zones, certificates and the locale that programs ask for', async () => {
    const source = `import datetime, locale, ssl, zoneinfo
print(datetime.datetime(2026, 7, 1, tzinfo=zoneinfo.ZoneInfo("Europe/Berlin")).isoformat())
print(len(ssl.create_default_context().get_ca_certs()) > 100)
locale.setlocale(locale.LC_ALL, "en_US.UTF-8")
print(locale.currency(1234.5, grouping=True), f"{1234567:n}")`
    const { stdout, stderr } = await runIn(sandboxes, { source })
    expect({ stdout: stdout.toString(), stderr: stderr.toString() }).toEqual({
      stdout: '2026-07-01T00:00:00+02:00\nTrue\n$1,234.50 1,234,567\n',
      stderr: '',
    })
  })
})

/** A file of the program that is being written. */
export interface DraftFile {
  /** Stays the same when the file is renamed. */
  readonly id: string
  readonly path: string
  /** Text, or base64 of bytes that are no text. */
  readonly content: string
  readonly encoding: 'utf8' | 'base64'
}

/** Limits as they are typed: in seconds and MiB; '' is the server's default. */
export interface DraftLimits {
  readonly wallSeconds: string
  readonly cpuSeconds: string
  readonly memoryMiB: string
  readonly outputMiB: string
  readonly processes: string
  readonly diskMiB: string
}

/** All that is typed on the page: the program and how to run it. */
export interface Draft {
  readonly files: readonly DraftFile[]
  /** The file that runs. */
  readonly entryId: string
  /** The file in the editor. */
  readonly openId: string
  /** The only file has the name that its language gives it, until it is renamed. */
  readonly isNameAutomatic: boolean
  /** Chosen by hand. undefined: detected. */
  readonly language: string | undefined
  /** What was detected last; undefined if nothing was. */
  readonly detected: string | undefined
  readonly stdin: string
  /** One argument a line. */
  readonly args: string
  /** One NAME=value a line. */
  readonly env: string
  readonly limits: DraftLimits
  /** A terminal, or stdout and stderr apart. */
  readonly tty: boolean
  /** The run that was made of it last. */
  readonly jobId: string | undefined
}

/** Seven lines that show what a run looks like: something comes every 0.3 s, and a table ends it. */
export const EXAMPLE = `import time
rivers = {"Amazon": 6400, "Nile": 6650, "Danube": 2850, "Thames": 346}
for name in rivers:
    print(f"Measuring the {name} …")
    time.sleep(0.3)
for name, km in sorted(rivers.items(), key=lambda river: -river[1]):
    print(f"{name:<8}{km:>6,} km  {'━' * (km // 200)}")`

export const NO_LIMITS: DraftLimits = {
  wallSeconds: '',
  cpuSeconds: '',
  memoryMiB: '',
  outputMiB: '',
  processes: '',
  diskMiB: '',
}

/** crypto.randomUUID is only there on https and localhost. */
const createId = (): string => crypto.getRandomValues(new Uint32Array(2)).join('-')

export const createFile = (path: string, content: string, encoding: DraftFile['encoding'] = 'utf8'): DraftFile => ({
  id: createId(),
  path,
  content,
  encoding,
})

/** A draft of these files; the first one runs. */
export const createDraft = (files: readonly [DraftFile, ...DraftFile[]]): Draft => ({
  files,
  entryId: files[0].id,
  openId: files[0].id,
  isNameAutomatic: files.length === 1,
  language: undefined,
  detected: undefined,
  stdin: '',
  args: '',
  env: '',
  limits: NO_LIMITS,
  tty: true,
  jobId: undefined,
})

export const createExample = (): Draft => ({
  ...createDraft([createFile('main.py', EXAMPLE)]),
  detected: 'python',
})

export const entryOf = (draft: Draft): DraftFile => {
  const entry = draft.files.find(({ id }) => id === draft.entryId) ?? draft.files[0]
  if (entry === undefined) throw new Error('A draft has at least one file')
  return entry
}

export const openFileOf = (draft: Draft): DraftFile =>
  draft.files.find(({ id }) => id === draft.openId) ?? entryOf(draft)

/** Nothing was typed yet. */
export const isExample = (draft: Draft): boolean => draft.files.length === 1 && draft.files[0]?.content === EXAMPLE

export const withContent = (draft: Draft, id: string, content: string): Draft => ({
  ...draft,
  files: draft.files.map((file) => (file.id === id ? { ...file, content, encoding: 'utf8' } : file)),
})

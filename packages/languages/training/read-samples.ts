import { globSync, readFileSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'

/** A file or a block of code of known language. */
export interface Sample {
  readonly language: string
  readonly text: string
}

/** Names of languages in the sources, in lower case, and what we call them. Other languages are not trained. */
const NAMES: Readonly<Record<string, string>> = {
  ...same(
    'python javascript typescript bash java c cpp csharp go rust swift kotlin dart lua r ruby php perl elixir haskell scala',
  ),
  ...same('sql powershell batch julia clojure lisp fsharp ocaml erlang matlab fortran pascal assembly css objectivec'),
  ...same('groovy json yaml ini toml csv xml dockerfile makefile diff prose tex vb html other log session'),
  shell: 'bash',
  sh: 'bash',
  python3: 'python',
  js: 'javascript',
  ts: 'typescript',
  jsx: 'javascript',
  tsx: 'typescript',
  'c++': 'cpp',
  'c-plus-plus': 'cpp',
  'c#': 'csharp',
  'c-sharp': 'csharp',
  golang: 'go',
  'common lisp': 'lisp',
  'emacs lisp': 'lisp',
  scheme: 'lisp',
  racket: 'lisp',
  'f#': 'fsharp',
  'f-sharp': 'fsharp',
  octave: 'matlab',
  'x86-64': 'assembly',
  'unix assembly': 'assembly',
  nasm: 'assembly',
  'objective-c': 'objectivec',
  batchfile: 'batch',
  'visual-basic': 'vb',
  'visual basic .net': 'vb',
  'visual basic': 'vb',
  svg: 'xml',
  text: 'prose',
  markdown: 'prose',
  'gnu-make': 'makefile',
  latex: 'tex',
}

function same(words: string): Record<string, string> {
  return Object.fromEntries(words.split(' ').map((word) => [word, word]))
}

/** Of each file, in characters. */
const LONGEST = 100_000

const toName = (name: string): string | undefined => NAMES[name.toLowerCase()]

const read = (path: string): string | undefined => {
  if (!statSync(path).isFile()) return undefined
  const text = readFileSync(path, 'utf8').slice(0, LONGEST).replaceAll('\r\n', '\n')
  return text.includes('\uFFFD') || text.includes('\0') || text.trim() === '' ? undefined : text
}

/** Folders that are named after the language of their files. */
const readNamedFolders = (root: string, pattern: string, position: number): Sample[] =>
  globSync(pattern, { cwd: root }).flatMap((path) => {
    const name = path.split('/').at(position) ?? ''
    // Hundreds of languages that we do not name.
    const language = toName(name) ?? 'other'
    if (/README\.md$|\.(?:yml|png|gif|pdf|bin)$/.test(path)) return []
    const text = read(join(root, path))
    return text === undefined ? [] : [{ language, text }]
  })

/** Files of one language by their extension. */
const readByExtension = (root: string, extensions: Readonly<Record<string, string>>): Sample[] =>
  Object.entries(extensions).flatMap(([extension, language]) =>
    globSync(`**/*.${extension}`, { cwd: root }).flatMap((path) => {
      const text = read(join(root, path))
      return text === undefined ? [] : [{ language, text }]
    }),
  )

/** Markdown: fenced blocks with the name of a language, and the prose between them. */
const readMarkdown = (root: string, pattern: string): Sample[] =>
  globSync(pattern, { cwd: root }).flatMap((path) => {
    const text = read(join(root, path))?.replace(/^---\n[\s\S]*?\n---\n/, '')
    if (text === undefined) return []
    const samples: Sample[] = []
    const prose = text.replace(
      /^```([\w+#-]+)?[^\n]*\n([\s\S]*?)^```/gm,
      (_, name: string | undefined, code: string) => {
        const language = toName(name ?? '')
        if (language !== undefined && code.trim() !== '') samples.push({ language, text: code })
        return ''
      },
    )
    for (const paragraph of prose.split(/\n{2,}/)) {
      if (paragraph.trim().length > 3) samples.push({ language: 'prose', text: paragraph })
    }
    return samples
  })

/** Of the thousands of commands that tldr explains, those that people use. The others would teach that any word is a command. */
export const USUAL_COMMANDS = new Set(
  (
    'ls cat cd cp mv rm mkdir rmdir touch ln pwd echo printf head tail wc sort uniq cut tr tee paste column grep sed awk find ' +
    'xargs tar gzip gunzip zip unzip xz curl wget ssh scp rsync ping nc dig chmod chown chgrp stat file du df free top ps kill ' +
    'pkill killall nice nohup time timeout watch date cal sleep seq yes true false test expr bc factor which whereis type ' +
    'alias export env printenv set unset source read trap wait jobs bg fg exit return history ulimit umask id whoami who w ' +
    'groups hostname uname uptime dmesg lscpu lsblk mount umount dd sync mktemp mkfifo basename dirname readlink realpath ' +
    'diff patch cmp comm md5sum sha256sum base64 xxd od hexdump strings iconv less more man nano vim vi git docker ' +
    'docker-compose kubectl npm npx yarn pnpm node python python3 pip pip3 ruby perl php java javac gcc g++ clang make cmake ' +
    'cargo rustc go apt apt-get dpkg yum dnf brew pacman apk systemctl service journalctl crontab sudo su useradd passwd ' +
    'openssl gpg jq yq tmux screen bash sh zsh shuf split tac rev fold nl expand dos2unix envsubst getopt lsof netstat ss ip ' +
    'ifconfig ffmpeg convert sqlite3 psql mysql redis-cli ansible terraform helm'
  ).split(' '),
)

/** Command lines with a sentence before each. The placeholders get what they stand for. */
const readCommands = (root: string, pattern: string): Sample[] =>
  globSync(pattern, { cwd: root }).flatMap((path) => {
    const text = USUAL_COMMANDS.has(basename(path, '.md')) ? (read(join(root, path)) ?? '') : ''
    const commands = [...text.matchAll(/^`(.+)`$/gm)].map(([, command = '']) => ({
      language: 'bash',
      text: command.replace(/\{\{(?:\[[^|\]]*\|)?([^}\]]*)\]?\}\}/g, '$1'),
    }))
    const sentences = [...text.matchAll(/^(?:- |> )([^<\n]+)$/gm)].map(([, sentence = '']) => ({
      language: 'prose',
      text: sentence,
    }))
    return [...commands, ...sentences]
  })

/** Our own: `=== language` before each text. */
const readOwn = (path: string): Sample[] =>
  readFileSync(path, 'utf8')
    .split(/^=== /m)
    .slice(1)
    .map((piece) => {
      const end = piece.indexOf('\n')
      return { language: piece.slice(0, end).trim(), text: piece.slice(end + 1) }
    })

/** All sources, each a checkout in `folder` (see README.md). */
export const readSamples = (folder: string): Readonly<Record<string, readonly Sample[]>> => {
  const at = (name: string): string => join(folder, name)
  return {
    'sample-programs': readNamedFolders(at('sample-programs'), 'archive/*/*/*', 2),
    linguist: readNamedFolders(at('linguist'), 'samples/*/*', 1),
    learnxinyminutes: readMarkdown(at('learnxinyminutes-docs'), '**/*.md'),
    '30-seconds': readMarkdown(at('30-seconds-of-code'), 'snippets/*.md').map((sample) =>
      sample.language === 'prose' ? sample : { ...sample, language: 'javascript' },
    ),
    'typescript-book': readMarkdown(at('typescript-book'), '**/*.md'),
    'react-cheatsheets': readMarkdown(at('react-cheatsheets'), '**/*.md'),
    'pure-bash-bible': readMarkdown(at('pure-bash-bible'), 'README.md'),
    tldr: readCommands(at('tldr'), 'pages{,.de,.es,.fr,.it,.ja,.ko,.nl,.pl,.pt_BR,.ru,.tr,.zh}/{common,linux}/*.md'),
    algorithms: readByExtension(at('algorithms'), {
      py: 'python',
      js: 'javascript',
      ts: 'typescript',
      R: 'r',
      r: 'r',
      dart: 'dart',
      lua: 'lua',
      swift: 'swift',
      kt: 'kotlin',
      scala: 'scala',
      ex: 'elixir',
      exs: 'elixir',
    }),
    own: readOwn(join(import.meta.dirname, 'own-samples.txt')),
  }
}

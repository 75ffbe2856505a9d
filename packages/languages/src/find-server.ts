import type { LanguageId } from './catalogue.ts'

/**
 * How a program serves.
 *
 *   itself   it has a line that starts its server
 *   flask    it only makes an app: Flask's own server has to be started with it
 *   uvicorn  it only makes an app, in the variable `app`
 */
export type Server = { readonly by: 'itself' | 'flask' } | { readonly by: 'uvicorn'; readonly app: string }

/** A limit on the work that a text can cause. */
const EXAMINED_CHARACTERS = 64 * 1024

const ITSELF: Server = { by: 'itself' }

/** Lines that are comments are left out. Blanks only: with line ends too, a text of empty lines would take quadratic time. */
const withoutComments = (text: string, mark: string): string =>
  text
    .slice(0, EXAMINED_CHARACTERS)
    .split('\n')
    .filter((line) => !line.trimStart().startsWith(mark))
    .join('\n')

const importsPython = (text: string, name: string): boolean =>
  new RegExp(`^[ \\t]*(?:from[ \\t]+${name}\\b|import[ \\t]+(?:[\\w., \\t]+,[ \\t]*)?${name}\\b)`, 'm').test(text)

/** A module that has a server, and the call that starts it. */
const PYTHON_SERVERS: readonly (readonly [name: string, call: RegExp])[] = [
  ['uvicorn', /\brun\(|\.serve\(/],
  ['http\\.server', /\bserve_forever\(|\btest\(/],
  ['socketserver', /\bserve_forever\(/],
  ['wsgiref', /\bserve_forever\(|\bhandle_request\(/],
  ['xmlrpc\\.server', /\bserve_forever\(/],
  ['websockets', /\bserve\(/],
  ['asyncio', /\bstart_server\(/],
]

const findPythonServer = (text: string): Server | undefined => {
  if (PYTHON_SERVERS.some(([name, call]) => importsPython(text, name) && call.test(text))) return ITSELF
  if (importsPython(text, 'flask') && /\bFlask\(/.test(text)) return /\.run\(/.test(text) ? ITSELF : { by: 'flask' }
  const app = /^(\w{1,80})[ \t]*(?::[^=\n]{1,80})?=[ \t]*(?:\w{1,80}\.){0,3}(?:FastAPI|Starlette)\(/m.exec(text)?.[1]
  if (app === undefined) return undefined
  return importsPython(text, 'fastapi') || importsPython(text, 'starlette') ? { by: 'uvicorn', app } : undefined
}

const importsScript = (text: string, names: string): boolean =>
  new RegExp(`(?:\\bfrom|\\bimport|\\brequire\\()[ \\t]*['"](?:${names})['"]`).test(text)

/** One that takes any free port (`listen(0)`) asks itself and ends. */
const findScriptServer = (text: string): Server | undefined => {
  if (!/\.listen\((?!\s{0,8}0\b)/.test(text)) return undefined
  const hasExpress = importsScript(text, 'express') && /\bexpress\(/.test(text)
  const hasServer =
    importsScript(text, '(?:node:)?(?:http|https|http2|net)') && /\bcreateServer\(|\bServer\(/.test(text)
  return hasExpress || hasServer ? ITSELF : undefined
}

const SHELL_SERVER =
  /^[ \t]*(?:exec[ \t]+)?(?:python3?[ \t]+-m[ \t]+(?:http\.server|uvicorn|flask[ \t][^\n]{0,200}\brun)|uvicorn|flask[ \t][^\n]{0,200}\brun|flask[ \t]+run|fastapi[ \t]+(?:run|dev))\b/m

/**
 * Whether a program looks as if it serves: it imports a server and starts it, or makes an app of Flask or FastAPI. Undefined if not.
 * Only some words of the text are looked at, so it can be wrong; it takes less than a millisecond.
 */
export const findServer = (language: LanguageId, content: string): Server | undefined => {
  if (language === 'python') return findPythonServer(withoutComments(content, '#'))
  if (language === 'bash') return SHELL_SERVER.test(withoutComments(content, '#')) ? ITSELF : undefined
  return findScriptServer(withoutComments(content, '//'))
}

/** What a module's name can be. Another file is run as it is. */
const MODULE = /^[A-Za-z_]\w*$/

/**
 * The argv that serves a program. An app without a line that starts a server gets one, at `port`; every other program is run as
 * always, by `command`.
 */
export const toServeCommand = (
  server: Server | undefined,
  { entry, port, command }: { readonly entry: string; readonly port: number; readonly command: readonly string[] },
): readonly string[] => {
  const python = ['python3', '-u', '-m']
  const at = ['--host', '127.0.0.1', '--port', String(port)]
  if (server?.by === 'flask') return [...python, 'flask', '--app', `./${entry}`, 'run', ...at]
  if (server?.by !== 'uvicorn') return command
  const folder = entry.includes('/') ? entry.slice(0, entry.lastIndexOf('/')) : '.'
  const module = entry.slice(entry.lastIndexOf('/') + 1).replace(/\.pyw?$/, '')
  return MODULE.test(module) ? [...python, 'uvicorn', `${module}:${server.app}`, '--app-dir', folder, ...at] : command
}

// pnpm --filter @runnel/agent run lint, or format
//
// Checks the Python files that sandboxes run, and their format, with ruff: `file:line:column rule message`, exit code 1
// where there is something to change. `--format` writes the format instead. Ruff runs as WebAssembly, so that it comes
// from npm alone. With `--liftoff-only` Node compiles it once and plainly, which is enough for these files: the better second
// time costs more than ten times as much processor time as all that is then checked (8.6 s and 0.8 s, 2026-11-30).
import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { type Diagnostic, PositionEncoding, Workspace } from '@astral-sh/ruff-wasm-nodejs'
import { RUFF_SETTINGS } from './rules.ts'

const ROOT = join(import.meta.dirname, '../../..')
const PLACES = ['packages/agent/{src,test}/**/*.py', 'infra/images/**/*.py']

const workspace = new Workspace(RUFF_SETTINGS, PositionEncoding.Utf16)

const toLine = (file: string, { code, message, start_location: { row, column } }: Diagnostic): string =>
  `${file}:${row}:${column} ${code ?? 'syntax'} ${message}`

const checkFile = (path: string): string[] => {
  const file = relative(ROOT, path)
  const text = readFileSync(path, 'utf8')
  const diagnostics: Diagnostic[] = workspace.check(text)
  const findings = diagnostics.map((diagnostic) => toLine(file, diagnostic))
  // What cannot be parsed has no format.
  if (diagnostics.some(({ code }) => code === null || code === 'invalid-syntax')) return findings
  return workspace.format(text) === text
    ? findings
    : [...findings, `${file}:1:1 format The format differs: run pnpm --filter @runnel/agent format`]
}

const formatFile = (path: string): void => {
  const text = readFileSync(path, 'utf8')
  const formatted = workspace.format(text)
  if (formatted !== text) writeFileSync(path, formatted)
}

const paths = globSync(PLACES, { cwd: ROOT }).map((path) => join(ROOT, path))
if (process.argv.includes('--format')) {
  for (const path of paths) formatFile(path)
} else {
  const findings = paths.flatMap(checkFile)
  for (const finding of findings) process.stdout.write(`${finding}\n`)
  process.exitCode = findings.length > 0 ? 1 : 0
}

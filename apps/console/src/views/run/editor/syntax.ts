import { python } from '@codemirror/lang-python'
import { StreamLanguage } from '@codemirror/language'
import type { Extension } from '@codemirror/state'

const loadJavaScript = async (options: { readonly typescript?: boolean }): Promise<Extension> => {
  const { javascript } = await import('@codemirror/lang-javascript')
  return javascript({ jsx: true, ...options })
}

const loadShell = async (): Promise<Extension> => {
  const { shell } = await import('@codemirror/legacy-modes/mode/shell')
  return StreamLanguage.define(shell)
}

const loadHtml = async (): Promise<Extension> => {
  const { html } = await import('@codemirror/legacy-modes/mode/xml')
  return StreamLanguage.define(html)
}

const loadCss = async (): Promise<Extension> => {
  const { css } = await import('@codemirror/legacy-modes/mode/css')
  return StreamLanguage.define(css)
}

/**
 * How the editor reads a language: its id in the catalogue, or a file's ending. Python is in the first view, the others are
 * loaded when they are needed. What is unknown is plain text.
 */
export const loadSyntax = async (language: string | undefined): Promise<Extension> => {
  if (language === 'python') return python()
  if (language === 'javascript') return await loadJavaScript({})
  if (language === 'typescript') return await loadJavaScript({ typescript: true })
  if (language === 'bash') return await loadShell()
  if (language === 'html') return await loadHtml()
  if (language === 'css') return await loadCss()
  return []
}

/** The same at once, for the language that is in the first view. */
export const firstSyntax = (language: string | undefined): Extension => (language === 'python' ? python() : [])

const BY_ENDING: Readonly<Record<string, string>> = {
  py: 'python',
  pyw: 'python',
  js: 'javascript',
  mjs: 'javascript',
  cjs: 'javascript',
  jsx: 'javascript',
  ts: 'typescript',
  mts: 'typescript',
  cts: 'typescript',
  tsx: 'typescript',
  sh: 'bash',
  bash: 'bash',
  html: 'html',
  htm: 'html',
  css: 'css',
}

/** The language that a file's name says, if it says one. */
export const languageOfPath = (path: string): string | undefined =>
  BY_ENDING[/\.([a-z]+)$/i.exec(path)?.[1]?.toLowerCase() ?? '']

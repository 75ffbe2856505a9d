import type { LanguageId } from './catalogue.ts'

const interpreters = new Map<string, LanguageId>([
  ['python', 'python'],
  ['pypy', 'python'],
  ['node', 'javascript'],
  ['nodejs', 'javascript'],
  ['ts-node', 'typescript'],
  ['tsx', 'typescript'],
  ['bash', 'bash'],
  ['sh', 'bash'],
  ['dash', 'bash'],
])

/**
 * The language of the `#!` line: undefined if there is no such line, without a language if the interpreter is none of ours.
 * The kernel reads only 256 bytes of the line, so we do too.
 */
export const readShebang = (text: string): { language: LanguageId | undefined } | undefined => {
  if (!text.startsWith('#!')) return undefined
  const [line = ''] = text.slice(2, 256).split('\n', 1)
  const words = line.trim().split(/\s+/)
  const viaEnv = words[0]?.endsWith('/env') === true
  // `env -S VAR=1 node`: options and variables come before the command.
  const command = viaEnv ? words.slice(1).find((word) => !word.startsWith('-') && !word.includes('=')) : words[0]
  const name = command?.slice(command.lastIndexOf('/') + 1).replace(/[\d.]+$/, '') ?? ''
  return { language: interpreters.get(name) }
}

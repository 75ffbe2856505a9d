import { type Draft, entryOf } from './draft.ts'

/** Words that a program has which serves. Without one of them the detection need not be loaded. */
const WORDS = /flask|fastapi|uvicorn|http|server|express|listen|wsgi|aiohttp|websocket/i

/**
 * Whether a program serves web pages: it makes an app, or starts a server. Such a program is run so that a browser can see it. Nobody could
 * reach it otherwise, and a limit would end it. An answer of a chat is judged by its block, because the API runs that.
 */
export const servesPages = async (draft: Draft): Promise<boolean> => {
  const { content: text, path } = entryOf(draft)
  if (!WORDS.test(text)) return false
  const { detectLanguage, findBlocksToRun, findServer, readInfo } = await import('../detection-chunk.ts')
  const [block, ...others] = draft.files.length === 1 ? findBlocksToRun(text, undefined) : []
  const isAnswer = block !== undefined && others.length === 0
  const kind = isAnswer ? readInfo(block.info) : undefined
  const content = isAnswer ? block.content : text
  const named = isAnswer ? (kind?.type === 'program' ? kind.language : undefined) : draft.detected
  const entry = draft.isNameAutomatic || isAnswer ? {} : { entry: path }
  const language = draft.language ?? named ?? detectLanguage({ content, ...entry })
  if (language !== 'python' && language !== 'javascript' && language !== 'typescript') return false
  return findServer(language, content) !== undefined
}

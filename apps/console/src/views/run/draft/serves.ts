import { type Draft, entryOf } from './draft.ts'

/** Words that a program has which serves. Without one of them the detection need not be loaded. */
const WORDS = /flask|fastapi|uvicorn|http|server|express|listen|wsgi|aiohttp|websocket/i

/**
 * Whether a program serves web pages: it makes an app, or starts a server. Such a program is run so that a browser can see it. Nobody could
 * reach it otherwise, and a limit would end it.
 */
export const servesPages = async (draft: Draft): Promise<boolean> => {
  const { content, path } = entryOf(draft)
  if (!WORDS.test(content)) return false
  const { detectLanguage, findServer } = await import('../detection-chunk.ts')
  const entry = draft.isNameAutomatic ? {} : { entry: path }
  const language = draft.language ?? draft.detected ?? detectLanguage({ content, ...entry })
  if (language !== 'python' && language !== 'javascript' && language !== 'typescript') return false
  return findServer(language, content) !== undefined
}

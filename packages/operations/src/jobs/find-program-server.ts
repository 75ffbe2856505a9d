import type { Program } from '@runnel/contract/public'
import { findLanguage } from '@runnel/languages'
import { findServer, type Server } from '@runnel/languages/detection'

/** How the program serves, by the file that is run. Undefined if it does not look as if it did. */
export const findProgramServer = ({
  language,
  files,
  entry,
}: Pick<Program, 'language' | 'files' | 'entry'>): Server | undefined => {
  const id = findLanguage(language)?.id
  const file = files.find(({ path }) => path === entry)
  if (id === undefined || file === undefined) return undefined
  return findServer(id, file.encoding === 'utf8' ? file.content : Buffer.from(file.content, 'base64').toString('utf8'))
}

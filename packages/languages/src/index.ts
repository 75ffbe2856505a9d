export {
  findLanguage,
  LANGUAGES,
  type Language,
  type LanguageId,
} from './catalogue.ts'
export { type DetectedLanguage, detectLanguage } from './detect-language.ts'
export { findBlocksToRun } from './fences/blocks-to-run.ts'
export type { FencedBlock, Lines } from './fences/find-blocks.ts'
export { type BlockKind, readInfo } from './fences/info-string.ts'
export { ALL_LANGUAGES, readLanguageList } from './language-list.ts'
export { parsesAs } from './parses-as.ts'

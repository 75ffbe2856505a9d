export {
  findLanguage,
  LANGUAGES,
  type Language,
  type LanguageId,
} from './catalogue.ts'
export { type DetectedLanguage, detectLanguage } from './detect-language.ts'
export { ALL_LANGUAGES, readLanguageList } from './language-list.ts'
export { parsesAs } from './parses-as.ts'

export {
  findJobLanguage,
  findLanguage,
  HTML,
  isOfPrograms,
  type JobLanguage,
  LANGUAGES,
  type Language,
  type LanguageId,
} from './catalogue.ts'
export { ALL_LANGUAGES, readLanguageList } from './language-list.ts'

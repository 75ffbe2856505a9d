/** Parsers and a model, half a megabyte: a chunk of its own, which is loaded once somebody types. */
export { detectLanguage, findBlocksToRun, findServer, readInfo } from '@runnel/languages/detection'

/** Apart from the catalogue, because it loads parsers and a model: 14 MB that a worker and docker-proxy do not need. */
export { chooseFileName } from './choose-file-name.ts'
export { type DetectedLanguage, detectLanguage } from './detect-language.ts'
export { findBlocksToRun } from './fences/blocks-to-run.ts'
export type { FencedBlock, Lines } from './fences/find-blocks.ts'
export { type BlockKind, readInfo } from './fences/info-string.ts'
export { isSession } from './is-session.ts'
export { describeNotRun } from './other-languages.ts'
export { parsesAs } from './parses-as.ts'

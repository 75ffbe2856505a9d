export type { ByteRange } from './blob-store.ts'
export type { FileBounds, FilePage } from './file-records.ts'
export { type Files, fileNotFound, type NewFile } from './files.ts'
export { openFiles } from './open-files.ts'

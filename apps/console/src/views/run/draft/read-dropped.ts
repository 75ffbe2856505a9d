import { formatBytes } from '../../../parts/format.ts'
import { createFile, type Draft, type DraftFile, isExample } from './draft.ts'
import { BOUNDS } from './program-bounds.ts'

/** What nobody means to run, and what has thousands of files. */
const LEFT_OUT = new Set(['node_modules', '.git', '__pycache__', '.venv', '.DS_Store'])

interface Found {
  readonly path: string
  readonly file: File
}

const readEntries = (reader: FileSystemDirectoryReader): Promise<FileSystemEntry[]> =>
  new Promise((resolve, reject) => reader.readEntries(resolve, reject))

const isFile = (entry: FileSystemEntry): entry is FileSystemFileEntry => entry.isFile
const isFolder = (entry: FileSystemEntry): entry is FileSystemDirectoryEntry => entry.isDirectory

/** The files of a dropped file or folder. It stops soon after one more than a program can have. */
const collect = async (entry: FileSystemEntry, found: Found[]): Promise<void> => {
  if (LEFT_OUT.has(entry.name) || found.length > BOUNDS.files) return
  if (isFile(entry)) {
    const file = await new Promise<File>((resolve, reject) => entry.file(resolve, reject))
    found.push({ path: entry.fullPath.replace(/^\//, ''), file })
  }
  if (!isFolder(entry)) return
  const reader = entry.createReader()
  // A folder is told in parts, until a part is empty.
  for (let part = await readEntries(reader); part.length > 0; part = await readEntries(reader)) {
    for (const inner of part) await collect(inner, found)
  }
}

const toBase64 = (bytes: Uint8Array): string => {
  let text = ''
  for (let at = 0; at < bytes.length; at += 0x8000) text += String.fromCharCode(...bytes.subarray(at, at + 0x8000))
  return btoa(text)
}

const toDraftFile = async ({ path, file }: Found): Promise<DraftFile> => {
  const bytes = new Uint8Array(await file.arrayBuffer())
  try {
    return createFile(path, new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    return createFile(path, toBase64(bytes), 'base64')
  }
}

/** If one folder alone was dropped, its content is the program, so its own name goes. */
const withoutCommonFolder = (found: readonly Found[], isOneFolder: boolean): readonly Found[] =>
  isOneFolder ? found.map(({ path, file }) => ({ path: path.slice(path.indexOf('/') + 1), file })) : found

/** What was dropped, as files of a program; or why it cannot be one. */
export const readDropped = async (
  items: DataTransferItemList,
): Promise<{ readonly files: readonly DraftFile[] } | { readonly fault: string }> => {
  // The list is empty as soon as the event is over.
  const entries = [...items].flatMap((item) => item.webkitGetAsEntry() ?? [])
  // What was dragged out of another page may be a file without a place in a file system.
  const loose = [...items].flatMap((item) => (item.webkitGetAsEntry() === null ? (item.getAsFile() ?? []) : []))
  const found: Found[] = loose.map((file) => ({ path: file.name, file }))
  try {
    for (const entry of entries) await collect(entry, found)
  } catch (cause) {
    return { fault: `The browser could not read what was dropped: ${cause instanceof Error ? cause.message : cause}` }
  }
  if (found.length === 0) return { fault: 'There is no file in what was dropped.' }
  if (found.length > BOUNDS.files)
    return { fault: `A program can have ${BOUNDS.files} files, and more were dropped. Drop fewer.` }
  const bytes = found.reduce((sum, { file }) => sum + file.size, 0)
  if (bytes > BOUNDS.sourceBytes)
    return { fault: `A program can have 1 MiB of source, and ${formatBytes(bytes)} were dropped. Drop less.` }
  const isOneFolder = entries.length === 1 && entries[0]?.isDirectory === true
  return { files: await Promise.all(withoutCommonFolder(found, isOneFolder).map(toDraftFile)) }
}

const MAIN = /^(?:main|index|app)\.[a-z]+$/

/** The draft with these files: one with the same path takes the place of the old one. The example goes. */
export const withFiles = (draft: Draft, added: readonly DraftFile[]): Draft => {
  const paths = new Set(added.map(({ path }) => path))
  const kept = isExample(draft) ? [] : draft.files.filter(({ path }) => !paths.has(path))
  const files = [...kept, ...added]
  const entry = files.find(({ id }) => id === draft.entryId) ?? files.find(({ path }) => MAIN.test(path)) ?? files[0]
  const open = added[0] ?? entry
  if (entry === undefined || open === undefined) return draft
  return {
    ...draft,
    files,
    entryId: entry.id,
    openId: open.id,
    isNameAutomatic: false,
    language: undefined,
    detected: undefined,
  }
}

// A second checkout that shares everything large with this one, so that a test does not touch the user's run.
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'

const ROOT = join(import.meta.dirname, '../../..')
const SHARED = ['apps', 'node_modules', 'examples', '.node-version']
/** Images are built from these: Docker does not follow a link to what is outside of the context. */
const BUILT_FROM = ['.dockerignore', 'infra', 'packages']
const COPIED = [...BUILT_FROM, 'package.json', 'pnpm-lock.yaml', 'pnpm-workspace.yaml']

export interface CheckoutCopy extends Disposable {
  readonly root: string
}

export const copyCheckout = (): CheckoutCopy => {
  const root = mkdtempSync(join(tmpdir(), 'runnel-checkout-'))
  for (const name of SHARED) symlinkSync(join(ROOT, name), join(root, name))
  const filter = (path: string) => basename(path) !== 'node_modules'
  for (const name of COPIED) cpSync(join(ROOT, name), join(root, name), { recursive: true, filter })
  mkdirSync(join(root, '.runnel'))
  // Compiled modules too: without them each process needs a third more processor time to start.
  for (const name of ['toolchain', 'compile-cache']) {
    mkdirSync(join(ROOT, '.runnel', name), { recursive: true })
    symlinkSync(join(ROOT, '.runnel', name), join(root, '.runnel', name))
  }
  return { root, [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }) }
}

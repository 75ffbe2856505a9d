import type { QueuedJob } from '@runnel/contract/internal'
import { LIMITS } from '@runnel/contract/public'
import { describe, expect, test } from 'vitest'
import { addScript } from '../../src/sites/add-script.ts'
import { findSiteFile } from '../../src/sites/find-site-file.ts'
import { toSite } from '../../src/sites/site.ts'

const TAG = '<script src="/__runnel/console.js" data-page="index.html"></script>'

describe('The script of the console', () => {
  test.each([
    ['<p>hi', `${TAG}<p>hi`],
    [
      '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
      `<!doctype html>\n<html lang="en">\n<head>\n${TAG}<meta charset="utf-8">`,
    ],
    ['\uFEFF<!-- a --><!DOCTYPE html><title>a', `\uFEFF<!-- a --><!DOCTYPE html>${TAG}<title>a`],
    ['<header>a</header>', `${TAG}<header>a</header>`],
    ['<!-- no end', `${TAG}<!-- no end`],
  ])('comes before the first script of %j, and moves no line', (page, expected) => {
    expect(addScript(page, 'index.html')).toBe(expected)
  })

  test('names the file of its page, whatever that is called', () => {
    expect(addScript('', 'a"<b>&.html')).toBe(
      '<script src="/__runnel/console.js" data-page="a&#34;&#60;b&#62;&#38;.html"></script>',
    )
  })

  test('is added to a page of a mebibyte of comments within 50 ms', () => {
    const page = '<!---->'.repeat(150_000)
    const startedMs = performance.now()
    expect(addScript(page, 'index.html').length).toBe(page.length + TAG.length)
    expect(performance.now() - startedMs).toBeLessThan(50)
  })
})

const jobOf = (paths: readonly string[], given: Partial<QueuedJob> = {}): QueuedJob => ({
  id: `job_${'0'.repeat(32)}`,
  tenantId: 'acme',
  submittedAt: '2026-01-01T00:00:00.000Z',
  program: {
    language: 'html',
    files: paths.map((path) => ({ path, content: `of ${path}`, encoding: 'utf8' })),
    entry: paths[0] ?? '',
    ...{ args: [], env: {}, stdin: '', interactive: false },
  },
  isolation: 'job',
  limits: Object.fromEntries(
    Object.entries(LIMITS).map(([name, limit]) => [name, limit.default]),
  ) as QueuedJob['limits'],
  console: false,
  ...given,
})

/** What a URL leads to: the text of a file, or where to. */
const ask = (paths: readonly string[], target: string, isVisit = true): string => {
  const found = findSiteFile(toSite(jobOf(paths)), target, isVisit)
  if (found.kind === 'redirect') return `to ${found.location}`
  const file = found.kind === 'file' ? found.file : found.page
  const text = file !== undefined && 'bytes' in file ? file.bytes.toString() : 'nothing'
  return found.kind === 'missing' ? `missing, ${text}` : text
}

describe('A URL of a site', () => {
  const SITE = ['index.html', 'docs/index.html', 'style.css', 'ä b.js']
  test.each([
    ['/', 'of index.html'],
    ['/?a=b', 'of index.html'],
    ['/index.html', 'of index.html'],
    ['/style.css?v=2', 'of style.css'],
    ['/%C3%A4%20b.js', 'of ä b.js'],
    ['/a%CC%88%20b.js', 'of ä b.js'],
    ['/docs/', 'of docs/index.html'],
    ['/docs?a=b', 'to /docs/?a=b'],
    ['/users/7', 'of index.html'],
    ['/missing.png', 'missing, nothing'],
    ['/%', 'missing, nothing'],
    ['/../etc/passwd.txt', 'missing, nothing'],
    ['//evil.example/', 'of index.html'],
  ])('%s gives %s', (target, expected) => {
    expect(ask(SITE, target)).toBe(expected)
  })

  test('that is no visit gets no page in place of a missing file', () => {
    expect(ask(SITE, '/api/users', false)).toBe('missing, nothing')
  })

  test('leads to the entry where there is no page at the root', () => {
    expect(ask(['a b/start.html'], '/?q')).toBe('to /a%20b/start.html?q')
  })

  test('that is missing is answered with 404.html of the site', () => {
    expect(ask(['index.html', '404.html'], '/a.png')).toBe('missing, of 404.html')
  })
})

test('Files are served with the types that browsers need', () => {
  const paths = [
    'a.html',
    'a.css',
    'a.js',
    'a.mjs',
    'a.json',
    'a.svg',
    'a.wasm',
    'a.woff2',
    'a.png',
    'a.ts',
    'a.webmanifest',
    'LICENSE',
  ]
  const types = [...toSite(jobOf(paths)).files.values()].map(({ type }) => type)
  expect(types).toEqual([
    'text/html; charset=utf-8',
    'text/css; charset=utf-8',
    'text/javascript; charset=utf-8',
    'text/javascript; charset=utf-8',
    'application/json; charset=utf-8',
    'image/svg+xml; charset=utf-8',
    'application/wasm',
    'font/woff2',
    'image/png',
    'text/plain; charset=utf-8',
    'application/manifest+json; charset=utf-8',
    'application/octet-stream',
  ])
})

test('Only pages get the script, and none does where the submission switched it off', () => {
  const sizes = (given: Partial<QueuedJob>) =>
    [...toSite(jobOf(['index.html', 'a.js'], given)).files.values()].map(
      (file) => 'bytes' in file && file.bytes.toString(),
    )
  expect(sizes({ console: true })).toEqual([`${TAG}of index.html`, 'of a.js'])
  expect(sizes({ console: false })).toEqual(['of index.html', 'of a.js'])
})

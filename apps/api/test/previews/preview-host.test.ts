import { describe, expect, test } from 'vitest'
import { readPreviewDomain } from '../../src/previews/preview-domain.ts'
import { isPreviewName, readPreviewName, toHostName } from '../../src/previews/preview-host.ts'
import { isSameSite } from '../../src/previews/same-site.ts'

const ID = 'sbx-0123456789abcdef01234567'
const LOCAL = readPreviewDomain('localhost')
const OWN = readPreviewDomain('previews.example.org:8443')

describe('The name of a preview', () => {
  test('is compared as the DNS compares names', () => {
    for (const host of [`80-${ID}.localhost`, `80-${ID.toUpperCase()}.LOCALHOST.:8080`, `80-${ID}.localhost.`]) {
      expect(readPreviewName(toHostName(host), LOCAL)).toEqual({ sandboxId: ID, port: 80 })
    }
  })

  test('has a port without zeros before it, and the id of a sandbox', () => {
    const names = ['0', '080', '65536', '80-80', ''].map((port) => `${port}-${ID}`)
    for (const name of [...names, ID, `80-${ID}0`, `a.80-${ID}`, '80-sbx-', 'x']) {
      expect([name, readPreviewName(`${name}.localhost`, LOCAL)]).toEqual([name, undefined])
    }
    expect(readPreviewName(`65535-${ID}.localhost`, LOCAL)?.port).toBe(65_535)
  })

  test('is everything below the domain, and the domain itself unless it is this machine', () => {
    const takes = (host: string, domain = LOCAL) => isPreviewName(toHostName(host), domain)
    expect(
      ['localhost', '127.0.0.1:8080', '[::1]:8080', 'example.org', 'notlocalhost', ''].map((host) => takes(host)),
    ).toEqual([false, false, false, false, false, false])
    expect(['a.localhost', '.localhost', 'API.localhost.:1'].map((host) => takes(host))).toEqual([true, true, true])
    expect(['previews.example.org', 'x.previews.example.org', 'example.org'].map((host) => takes(host, OWN))).toEqual([
      true,
      true,
      false,
    ])
  })
})

describe('A preview domain', () => {
  test.each([
    ['previews.example.org', 'api.example.org', true],
    ['example.org', 'example.org', true],
    ['previews.example.co.uk', 'api.example.co.uk', true],
    ['previews.example.co.uk', 'api.other.co.uk', false],
    ['example-previews.org', 'api.example.org', false],
    // On the public suffix list: each name below it is a site.
    ['github.io', 'example.github.io', false],
    ['previews.corp', 'api.corp', false],
    ['previews.example.org', '127.0.0.1', false],
    ['localhost', 'localhost', false],
    ['previews.localhost', 'localhost', false],
  ])('%s shares its site with %s: %s', (domain, host, isShared) => {
    expect(isSameSite(readPreviewDomain(domain), host)).toBe(isShared)
  })
})

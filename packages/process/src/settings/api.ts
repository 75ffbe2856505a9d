import { isIP } from 'node:net'
import { z } from 'zod'
import { commaList, optionalSetting, setting, text, wholeNumber } from './setting.ts'

const DAY_MS = 24 * 60 * 60 * 1_000
const YEAR_MS = 366 * DAY_MS

/** Redis would run out of memory long before this bound. */
const count = wholeNumber(1, 10_000_000)

const isNetwork = (word: string): boolean => {
  const [address = '', bits = '0', ...more] = word.split('/')
  const family = isIP(address)
  return family !== 0 && more.length === 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128)
}

const isOrigin = (word: string): boolean => URL.canParse(word) && new URL(word).origin === word

/** A name of letters, with a port or without one. Not an address: its last part is not a number. */
const PREVIEW_DOMAIN =
  /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?(?::[1-9]\d{0,4})?$/

export const api = {
  RUNNEL_API_HOST: setting(text('address or host name'), {
    default: '127.0.0.1',
    does: 'The address that the API listens on. Any other than a loopback address needs a key first (`npm run keys`).',
    reason: 'Only this machine reaches it.',
  }),
  RUNNEL_API_PORT: setting(wholeNumber(0, 65_535), {
    default: 8080,
    does: 'The port that the API listens on. 0 takes a free one.',
    reason: 'The usual port of a service that is not the web server itself.',
  }),
  RUNNEL_API_PUBLISHED_ON: optionalSetting(text('address or host name'), {
    absent: '`RUNNEL_API_HOST`',
    does: "For an API in a container: the host's address that leads to it. It decides whether a key is needed.",
    reason: 'Outside a container both are the same.',
  }),
  RUNNEL_API_TRUSTED_PROXIES: setting(commaList('addresses or networks such as 10.0.0.0/8', isNetwork), {
    default: [],
    does: "Proxies in front of the API. It takes the client's address from their `X-Forwarded-For`, and whether it came by HTTPS from `X-Forwarded-Proto`.",
    reason: 'Anyone else could write any address into that header.',
  }),
  RUNNEL_API_ORIGINS: setting(commaList('origins such as https://app.example.org', isOrigin), {
    default: [],
    does: 'Web pages, by their origin, that may call the API from a browser.',
    reason: 'A page that its user only happens to visit must not run code here.',
  }),
  RUNNEL_PREVIEW_DOMAIN: setting(
    text(
      'host name, with a port or without',
      z.string().regex(PREVIEW_DOMAIN, 'must be a host name in lower case, with a port or without one'),
    ),
    {
      default: 'localhost',
      does: "The names below it are those of previews: `{port}-{sandboxId}.<domain>` shows what listens in a sandbox. Must not be of the API's own site. A port is put into the URLs that are given out, in place of the API's. See [previews.md](previews.md).",
      reason: 'Browsers resolve every name below it to their own machine.',
    },
  ),
  RUNNEL_PREVIEW_FRAME_ANCESTORS: optionalSetting(commaList('origins such as https://app.example.org', isOrigin), {
    absent: "the API's own page where the domain is `localhost`, otherwise no page",
    does: 'Web pages, by their origin, that may show previews in a frame.',
    reason: 'A page that its user only happens to visit must not show the programs of somebody here.',
  }),
  RUNNEL_SESSION_IDLE_MS: setting(wholeNumber(60_000, YEAR_MS), {
    unit: 'ms',
    default: 7 * DAY_MS,
    does: 'A browser that was signed in and not used for this long has to sign in again.',
    reason: 'A week: who works with it daily stays signed in over a weekend.',
  }),
  RUNNEL_SESSION_LIFETIME_MS: setting(wholeNumber(60_000, YEAR_MS), {
    unit: 'ms',
    default: 30 * DAY_MS,
    does: 'A browser has to sign in again after this long, however much it is used.',
    reason: 'A month: a cookie that was copied from a browser is of use for no longer.',
  }),
  RUNNEL_NO_WORKER_TIMEOUT_MS: setting(wholeNumber(1_000), {
    unit: 'ms',
    default: 600_000,
    does: 'How long jobs wait while no worker is ready. After that they end as `sandbox-failed`.',
    reason: 'Ten minutes: longer than it takes to replace workers or to restart an engine.',
  }),
  RUNNEL_MAX_QUEUED: setting(count, {
    unit: 'jobs',
    default: 50_000,
    does: 'Jobs that may wait, of all tenants together. Above that a submission gets 429.',
    reason:
      'Redis holds them in memory: at a few KiB each this many take about 200 MiB. A fast installation runs a thousand jobs a second and works through them in less than a minute.',
  }),
  RUNNEL_MAX_QUEUED_PER_TENANT: setting(count, {
    unit: 'jobs',
    default: 10_000,
    does: 'Jobs of one tenant that may wait, unless the tenant has a bound of its own. Above that a submission gets 429.',
    reason: 'A batch of ten thousand jobs is normal, and it takes five tenants with such a batch to fill the queue.',
  }),
  RUNNEL_MAX_RUNNING_PER_TENANT: setting(count, {
    unit: 'jobs',
    default: 1_000,
    does: 'Jobs of one tenant that may run at once, on all workers together, unless the tenant has a bound of its own. The others wait and delay no other tenant.',
    reason:
      'The most that one worker can run at once (`RUNNEL_CONCURRENCY`). With less, a second worker would not help a single tenant. Tenants take turns, so it stays fair below this bound.',
  }),
  RUNNEL_MAX_SANDBOXES_PER_TENANT: setting(count, {
    unit: 'sandboxes',
    default: 100,
    does: 'Sandboxes of one tenant that may wait, run or be paused at once, unless the tenant has a bound of its own. The next one gets 429.',
    reason:
      'A chat app with a hundred conversations open. With 24 MiB each while they are idle, one tenant can take 2.4 GiB.',
  }),
  RUNNEL_MAX_STREAMS_PER_TENANT: setting(count, {
    unit: 'streams',
    default: 2_000,
    does: 'WebSockets and event streams of one tenant that one API process keeps open. The next one gets 429.',
    reason:
      'More than a page or a back end needs, because one WebSocket can follow many jobs. At about 40 KiB each, one tenant can take 80 MiB.',
  }),
  RUNNEL_MAX_CONNECTIONS: setting(wholeNumber(2, 1_000_000), {
    unit: 'connections',
    default: 10_000,
    does: 'Connections that one API process keeps open, WebSockets and streams of events included. One address may have half of them. The next one gets 429.',
    reason:
      'An idle one takes some 20 KiB, a WebSocket 40 KiB: 400 MiB at most. With half of them for one address, a single client cannot keep all others out.',
  }),
}

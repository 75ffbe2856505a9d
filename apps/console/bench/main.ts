// npm run bench:page: measures the built page on a system of its own, prints each number with its bound, and fails if one is over.
import { startRedis } from '@runnel/testing'
import { findBrowser } from '@runnel/testing/find-browser'
import { startSystem } from '@runnel/testing/system'
import { chromium } from 'playwright-core'
import { measureHistory } from './history.ts'
import { measureRun } from './run-measures.ts'

const PREFIX = '{bench}'

const say = (text: string): void => void process.stdout.write(`${text}\n`)

await using redis = await startRedis('bench:page')
await using system = await startSystem({ redisUrl: redis.url, prefix: PREFIX })
const browser = await chromium.launch({
  executablePath: findBrowser(),
  chromiumSandbox: process.getuid?.() !== 0,
  args: ['--disable-dev-shm-usage'],
})
try {
  const measures = [
    ...(await measureRun(browser, `${system.url}/`)),
    ...(await measureHistory({ page: await browser.newPage(), url: system.url, redisUrl: redis.url, prefix: PREFIX })),
  ]
  for (const { name, ms, boundMs } of measures) {
    const mark = ms <= boundMs ? ' ' : '!'
    say(`${mark} ${ms.toFixed(ms < 100 ? 1 : 0).padStart(8)} ms  of ${String(boundMs).padStart(6)}  ${name}`)
  }
  process.exitCode = measures.every(({ ms, boundMs }) => ms <= boundMs) ? 0 : 1
} finally {
  await browser.close()
}

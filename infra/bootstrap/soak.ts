// The end of soak.sh: hands what was asked for to the test, by environment.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { ROOT } from './checkout.ts'

const { values } = parseArgs({ options: { minutes: { type: 'string' }, seed: { type: 'string' } } })

const vitest = spawn(join(ROOT, 'node_modules/.bin/vitest'), ['run', '--project', 'soak'], {
  cwd: ROOT,
  env: { ...process.env, RUNNEL_SOAK_MINUTES: values.minutes ?? '', RUNNEL_SOAK_SEED: values.seed ?? '' },
  stdio: 'inherit',
})
const [code] = await once(vitest, 'exit')
process.exitCode = code ?? 1

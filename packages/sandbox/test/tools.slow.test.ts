import { expect, it } from 'vitest'
import { createTestSandboxes } from './docker-fixture.ts'
import { runCleanly } from './run.ts'

it('A program makes a virtual environment with pip without a network', async () => {
  await using sandboxes = createTestSandboxes({ poolMin: 0 })
  const source = `import subprocess, sys
def run(*command): return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
run(sys.executable, "-m", "venv", "whole")
print(run("whole/bin/pip", "list", "--format=freeze").split("==")[0])`
  expect(await runCleanly(sandboxes, { source, limits: { cpuMs: 30_000, wallMs: 45_000 } })).toBe('pip\n')
})

import { text } from 'node:stream/consumers'
import { defaultLimits } from '@runnel/contract/public'
import { LANGUAGES } from '@runnel/languages'
import Docker from 'dockerode'
import { expect, test } from 'vitest'
import { createTestSandboxes } from './docker-fixture.ts'

/** The open flags of a descriptor, as the kernel prints them. */
const readFlags = async (container: string, descriptor: number): Promise<number> => {
  const command = await new Docker().getContainer(container).exec({
    Cmd: ['sed', '-n', 's/^flags:[[:space:]]*//p', `/proc/1/fdinfo/${descriptor}`],
    User: '0:0',
    AttachStdout: true,
    Tty: true,
  })
  return Number.parseInt(await text(await command.start({ Tty: true })), 8)
}

const O_NONBLOCK = 0o4000

// Root of a cell's container may not look at its agent, which is another user. Here both are root, and the code is the same.
// An agent that waits for a slow engine to read would not look at its program's limits in the meantime.
test('The agent never blocks on its connection', async () => {
  await using sandboxes = createTestSandboxes({ languages: LANGUAGES.filter(({ id }) => id === 'python') })
  const { signal } = new AbortController()
  const request = { language: 'python', limits: defaultLimits(), isolation: 'container', tenantId: 'acme' } as const
  await using sandbox = await sandboxes.lease(request, signal)
  for (const descriptor of [0, 1]) {
    expect((await readFlags(sandbox.id, descriptor)) & O_NONBLOCK, `descriptor ${descriptor}`).toBe(O_NONBLOCK)
  }
})

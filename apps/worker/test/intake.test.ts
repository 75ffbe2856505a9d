import { expect, test } from 'vitest'
import { createIntake } from '../src/intake.ts'

const watchIntake = () => {
  const steps: string[] = []
  const controller = new AbortController()
  const intake = createIntake({
    signal: controller.signal,
    pause: async () => void steps.push('pause'),
    resume: () => void steps.push('resume'),
    onChange: () => void steps.push(intake.state.state),
  })
  return { intake, steps, stop: () => controller.abort() }
}

test('an intake is starting until the engine was checked for the first time', () => {
  const { intake, steps } = watchIntake()
  expect(intake.state).toEqual({ state: 'starting' })
  intake.start()
  expect(intake.state).toEqual({ state: 'ready' })
  expect(steps).toEqual(['ready'])
})

test('an intake that is held twice takes jobs again when both holds are released', async () => {
  const { intake, steps } = watchIntake()
  intake.start()
  await intake.hold('drained')
  await intake.hold('no-engine', 'connect ENOENT /docker.sock.\n')
  expect(intake.state).toEqual({ state: 'no-engine', fault: 'connect ENOENT /docker.sock' })
  intake.release('drained')
  expect(intake.state.state).toBe('no-engine')
  intake.release('no-engine')
  expect(intake.state).toEqual({ state: 'ready' })
  intake.release('no-engine')
  expect(steps).toEqual(['ready', 'ready', 'pause', 'no-engine', 'no-engine', 'ready', 'resume'])
})

test('an intake whose worker stops is stopping, and does not resume', async () => {
  const { intake, steps, stop } = watchIntake()
  intake.start()
  await intake.hold('drained')
  stop()
  intake.release('drained')
  expect(intake.state).toEqual({ state: 'stopping' })
  expect(steps).not.toContain('resume')
})

test('an intake shows the first 300 characters of a long fault', async () => {
  const { intake } = watchIntake()
  await intake.hold('no-engine', 'x'.repeat(1_000))
  expect(intake.state.fault).toBe('x'.repeat(300))
})

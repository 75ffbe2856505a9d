import { test } from 'vitest'
import { liveThroughOutage } from './outage.ts'

test('A sandbox lives on while Redis is away for two minutes', () => liveThroughOutage(120_000))

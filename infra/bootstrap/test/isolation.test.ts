import { expect, test } from 'vitest'
import { type AppArmorFacts, shouldLoadProfile } from '../run/isolation.ts'
import { welcome } from '../run/welcome.ts'

const FACTS: AppArmorFacts = {
  reason: 'AppArmor\'s profile "docker-default" forbids what a cell needs: load infra/apparmor/runnel-cell',
  isRoot: true,
  hasParser: true,
  dockerHost: undefined,
}

test.each<[when: string, facts: Partial<AppArmorFacts>, loads: boolean]>([
  ['where it stands in the way', {}, true],
  ['where the engine has a socket of this machine', { dockerHost: 'unix:///run/docker.sock' }, true],
  ['not where another rule stands in the way', { reason: 'user.max_user_namespaces is 0' }, false],
  ['not where our profile is in use', { reason: 'AppArmor\'s profile "runnel-cell" forbids what a cell needs' }, false],
  ['not without root', { isRoot: false }, false],
  ['not without its parser', { hasParser: false }, false],
  ['not for an engine on another machine', { dockerHost: 'tcp://10.0.0.2:2376' }, false],
])('AppArmor’s profile for cells is loaded %s', (_when, facts, loads) => {
  expect(shouldLoadProfile({ ...FACTS, ...facts })).toBe(loads)
})

test('the last lines say what programs get instead of a cell, and why', () => {
  const options = { port: 8080, workers: 1, sandbox: 'docker', detach: false, help: false } as const
  const url = 'http://127.0.0.1:8080'
  const said = welcome(url, options, false, { served: 'container', reason: 'user.max_user_namespaces is 0' })
  expect(said).toContain(
    'Programs run in a container each, which is slower than a cell and as safe: user.max_user_namespaces is 0.\n',
  )
  expect(welcome(url, options, false, undefined)).not.toContain('cell')
})

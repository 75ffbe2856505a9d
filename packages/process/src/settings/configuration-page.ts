import { settingFacts } from './setting.ts'
import { SETTING_GROUPS, SETTINGS } from './settings.ts'

const HEAD = `# Configuration

<!-- Generated from packages/process/src/settings. Renew it with: pnpm exec vitest run --project pure configuration-page -u -->

Environment variables, read once when a process starts. Every one has a default. An empty variable counts as absent. A value that is
wrong stops the start with a sentence that says what it must be. A name that starts with \`RUNNEL_\` and is not listed here is
reported in the log, with the nearest name that is.

- \`npm start\` passes its environment on to the API and the workers. It sets \`REDIS_URL\`, \`RUNNEL_API_HOST\`, \`RUNNEL_API_PORT\` and
  \`RUNNEL_SANDBOX\` itself, from its options; with \`--sandbox local\` it uses the Redis that \`REDIS_URL\` names.
- \`docker compose\` passes on only what has "compose" in the last column. Set others in a \`docker-compose.override.yml\`.
- How to add a setting: [how-to-add-a-setting.md](how-to-add-a-setting.md).
`

const readersOf = (name: string): string =>
  Object.entries(SETTINGS)
    .filter(([, settings]) => name in settings)
    .map(([reader]) => reader)
    .join(', ')

/** docs/configuration.md. */
export const toConfigurationPage = (): string => {
  const sections = Object.entries(SETTING_GROUPS).map(([title, settings]) => {
    const rows = Object.entries(settings).map(([name, schema]) => {
      const facts = settingFacts.get(schema)
      if (facts === undefined) throw new Error(`${name} has no facts: make it with setting() or optionalSetting()`)
      const { type, unit, default: fallback, does, reason } = facts
      const kind = unit === undefined ? type : `${type}, in ${unit}`
      return `| \`${name}\` | ${kind} | ${fallback} | ${does} | ${reason} | ${readersOf(name)} |`
    })
    return [
      `\n## ${title}\n`,
      '| name | type, unit | default | what it sets | why this default | read by |',
      '|---|---|---|---|---|---|',
      ...rows,
    ].join('\n')
  })
  return `${HEAD}${sections.join('\n')}\n`
}

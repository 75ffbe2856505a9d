import type { RedisCommand } from './redis-command.ts'

/**
 * Commands that one package has prepared, run inside the script of another one: all of it is one step.
 *
 *   keys of the script        its own, then the key of each command
 *   arguments of the script   its own, then `toCommandArgs`
 */
export const toCommandKeys = (commands: readonly RedisCommand[]): string[] => commands.map(([, key]) => key)

/** How many commands there are, then for each how many words follow, and these: its name and arguments, without the key. */
export const toCommandArgs = (commands: readonly RedisCommand[]): (string | number)[] => [
  commands.length,
  ...commands.flatMap(([name, , ...words]) => [words.length + 1, name, ...words]),
]

/** `at`: where the arguments start. `firstKey`: where the keys of the commands start. */
export const RUN_COMMANDS_LUA = `
local function runCommands(at, firstKey)
  local commands = tonumber(ARGV[at])
  at = at + 1
  for command = 0, commands - 1 do
    local words = tonumber(ARGV[at])
    redis.call(ARGV[at + 1], KEYS[firstKey + command], unpack(ARGV, at + 2, at + words))
    at = at + words + 1
  end
end
`

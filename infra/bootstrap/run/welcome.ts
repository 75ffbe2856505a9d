// What a newcomer reads once it runs.
import type { Options } from '../options.ts'
import type { Shortfall } from './isolation.ts'

const toIsolation = (shortfall: Shortfall | undefined): string =>
  shortfall === undefined
    ? ''
    : `\nPrograms run in a container each, which is slower than a cell and as safe: ${shortfall.reason.replace(/\.?$/, '.')}\n`

export const welcome = (
  url: string,
  options: Options,
  isDetached: boolean,
  shortfall: Shortfall | undefined,
): string => `\
Runnel is ready with ${options.workers} ${options.workers === 1 ? 'worker' : 'workers'}. Open this page:

  ${url}

Its API is described there, at /docs. Logs are in .runnel/log.
${toIsolation(shortfall)}${options.sandbox === 'local' ? `\n${DANGER}\n` : ''}
${isDetached ? '`npm stop` stops it.' : 'Ctrl-C stops it.'}`

export const DANGER = `\
  ##############################################################################
  ##  NO ISOLATION: programs run as ordinary processes of yours, and can read ##
  ##  and delete whatever you can. For trying out only, with code you trust.  ##
  ##############################################################################`

// What a newcomer reads once it runs.
import type { Options } from '../options.ts'

export const welcome = (url: string, options: Options, isDetached: boolean): string => `\
Runnel is ready with ${options.workers} ${options.workers === 1 ? 'worker' : 'workers'}. Open this page:

  ${url}

Its API is described there, at /docs. Logs are in .runnel/log.
${options.sandbox === 'local' ? `\n${DANGER}\n` : ''}
${isDetached ? '`npm stop` stops it.' : 'Ctrl-C stops it.'}`

export const DANGER = `\
  ##############################################################################
  ##  NO ISOLATION: programs run as ordinary processes of yours, and can read ##
  ##  and delete whatever you can. For trying out only, with code you trust.  ##
  ##############################################################################`

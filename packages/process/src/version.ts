import packageJson from '../package.json' with { type: 'json' }

/** The version of this checkout or image: all packages have the same. */
export const VERSION: string = packageJson.version

import type { KeptBounds } from '../kept-lua.ts'

/** For tests of other things: nothing is dropped. */
export const NO_KEPT_BOUNDS: KeptBounds = { all: Number.MAX_SAFE_INTEGER, tenant: Number.MAX_SAFE_INTEGER }

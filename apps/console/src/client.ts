import { Runnel } from '@runnel/client'

/** The one client of the page. The browser's cookie says who it is; on the machine itself, without keys, nobody need to. */
export const client = new Runnel({})

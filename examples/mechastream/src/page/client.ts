import { Runnel } from '@runnel/client'

/** Calls this page's own server, which passes it on to Runnel. It brings no key: there is none yet, or a session's cookie. */
export const client = new Runnel({ baseUrl: location.origin })

/**
 * The value of the cookie `runnel_browser`: which browser a request comes from. It allows nothing. It only says which sockets show
 * what a `POST /execute` prints. Undefined if there is none, or if it is not 256 random bits as a server makes them: a value that can
 * be guessed would let others of the same tenant watch.
 */
export const readBrowserCookie = (cookies: string | undefined): string | undefined =>
  /(?:^|; *)runnel_browser=([\w-]{43})(?:;|$)/.exec(cookies ?? '')?.[1]

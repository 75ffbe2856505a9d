import { setting, text, wholeNumber } from './setting.ts'

export const compose = {
  RUNNEL_ADDRESS: setting(text('address'), {
    default: '127.0.0.1',
    does: "The host's address that leads to the API. Any other than a loopback address needs a key first.",
    reason: 'Only this machine reaches it.',
  }),
  RUNNEL_PORT: setting(wholeNumber(0, 65_535), {
    default: 8080,
    does: "The host's port that leads to the API.",
    reason: 'The same as with `npm start`.',
  }),
  RUNNEL_BASE_IMAGE: setting(text('image'), {
    default: 'debian:trixie-slim',
    does: 'The base of all images that are built.',
    reason: 'Small, and its packages get security updates for years.',
  }),
  RUNNEL_NODE_IMAGE: setting(text('image'), {
    default: 'node:24-trixie-slim',
    does: 'The image that Node comes from.',
    reason: 'The Node that the services need, on the same Debian.',
  }),
}

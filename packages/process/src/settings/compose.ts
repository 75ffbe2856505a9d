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
  RUNNEL_REDIS_MAXMEMORY: setting(text('bytes as Redis writes them'), {
    default: '1gb',
    does: 'The `maxmemory` of Redis. Set `RUNNEL_MAX_KEPT_BYTES` to half of it.',
    reason: 'Twice what jobs may keep (`RUNNEL_MAX_KEPT_BYTES`).',
  }),
  RUNNEL_REDIS_MEMORY_LIMIT: setting(text('bytes as Docker writes them'), {
    default: '2560m',
    does: "The memory of Redis's container.",
    reason:
      'Twice `maxmemory`, because a rewrite of its log may need a copy of everything; and half a GiB for its buffers.',
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

import type Docker from 'dockerode'

/** The agent reads from it which tricks to turn off (packages/agent/src/switches.py). */
const SWITCH = 'AGENT_WITHOUT'

/** The image that sandboxes use, with some tricks of the agent off: the same files and one more environment variable. */
export const createSwitchedImage = async (
  docker: Docker,
  image: string,
  off: string,
): Promise<AsyncDisposable & { readonly prefix: string }> => {
  const [, name = image] = image.split('/')
  const prefix = `runnel-tricks-${off === '' ? 'none' : off.replaceAll('+', '-')}/`
  const container = await docker.createContainer({ Image: image })
  try {
    await container.commit({ repo: `${prefix}${name}`, changes: `ENV ${SWITCH}=${off.replaceAll('+', ',')}` })
  } finally {
    await container.remove()
  }
  return { prefix, [Symbol.asyncDispose]: () => docker.getImage(`${prefix}${name}`).remove() }
}

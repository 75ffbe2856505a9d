import Docker from 'dockerode'

const docker = new Docker()

/** A container that ignores the end of its input, with the labels of a worker's container. */
export const startStubborn = async (
  labels: Readonly<Record<string, string>>,
  isStarted = true,
): Promise<Docker.Container> => {
  const container = await docker.createContainer({
    Image: 'runnel/python',
    Entrypoint: ['sleep', '600'],
    User: '65534',
    HostConfig: { NetworkMode: 'none' },
    Labels: labels,
  })
  if (isStarted) await container.start()
  return container
}

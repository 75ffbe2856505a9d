/** Everything that is measured, each described in one line. */
export const CONTENDERS = {
  'runnel-stream': 'Runnel over a WebSocket, GET /v1/stream: submit, then events',
  'runnel-execute': 'Runnel over HTTP, POST /execute',
  'runnel-jobs': 'Runnel over HTTP, POST /v1/jobs?wait',
  'runnel-watch': 'Runnel watched by 1,000 WebSockets, GET /v1/jobs/:id/events',
  'runnel-sandbox': 'a lasting sandbox of Runnel, by the SDK',
  'bare-shell': '`sh -c true`, spawned by Node, to its exit',
  'docker-cp': '`docker cp` into a running container and back',
  container: 'a program in a container of the same image, in the network of the host',
  'bare-python': '`python3 -c`, spawned by Node: no isolation, no service',
  'bare-node': '`node -e`, spawned by Node: no isolation, no service',
  'subprocess-service': 'a plain HTTP service that runs `python3 -u main.py` in a temporary folder: no isolation',
  'container-service':
    'an HTTP service that creates, attaches, starts, awaits and removes a container a request, eight at a time',
  'docker-run': '`docker run --log-driver none`, its output redirected to a file',
  'engine-ceiling': 'the Docker engine alone: create, start, wait and remove /bin/true, at its best parallelism',
  'fork-ceiling':
    'Python alone: forks off a program that prints a number, reads it, waits for its end, on every processor',
} as const

export type ContenderName = keyof typeof CONTENDERS

/** When the first byte of output and the end came, in ms since the request. */
interface Timing {
  readonly firstByteMs: number
  readonly finishedMs: number
}

/** Something that can run a program. */
export interface Contender {
  readonly name: ContenderName
  /** Runs a program that prints `token` and a line end. Rejects if the output is anything else. */
  run(token: string): Promise<Timing>
}

export type Attempt = ({ readonly succeeded: true } & Timing) | { readonly succeeded: false; readonly why: string }

/** An event: its id, its type, and its JSON as clients get it. */
export interface StreamedEvent {
  readonly id: string
  readonly type: string
  readonly json: string
}

/** How events travel in a plain HTTP answer. */
export interface EventFormat {
  readonly contentType: string
  /** Sent at once, so that a client knows that it is connected before the first event. */
  readonly opening: string
  readonly heartbeat: string
  readonly toText: (event: StreamedEvent) => string
  /** The reason, as the last item of a stream that ends before its job. Its JSON has the type `error`, as a frame has. */
  readonly toError: (json: string) => string
}

/** For a browser's EventSource. It reconnects automatically, after `retry` milliseconds and with the last id it got. */
export const SERVER_SENT_EVENTS: EventFormat = {
  contentType: 'text/event-stream; charset=utf-8',
  opening: 'retry: 1000\n\n',
  heartbeat: ': heartbeat\n\n',
  toText: ({ id, json }) => `id: ${id}\ndata: ${json}\n\n`,
  toError: (json) => `event: error\ndata: ${json}\n\n`,
}

/** One JSON text per line. An empty line is a heartbeat. */
const NDJSON: EventFormat = {
  contentType: 'application/x-ndjson; charset=utf-8',
  opening: '',
  heartbeat: '\n',
  toText: ({ json }) => `${json}\n`,
  toError: (json) => `${json}\n`,
}

/** Server-sent events if the Accept header names them, otherwise NDJSON. */
export const chooseFormat = (accept: string | undefined): EventFormat =>
  accept !== undefined && /(?:^|[\s,])text\/event-stream(?=[\s;,]|$)/i.test(accept) ? SERVER_SENT_EVENTS : NDJSON

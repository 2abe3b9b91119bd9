import { createRequire } from 'node:module'

type EventSourceClass = new (url: string, init?: object) => { close(): void }

/** The one that SignalR's client for Node brings along. */
const EventSource: EventSourceClass = createRequire(import.meta.resolve('@microsoft/signalr'))('eventsource')

/**
 * The sources of events of one connection. SignalR's client forgets one that could not connect without closing it, and
 * that tries again for ever: no process with such a client ends by itself.
 */
export class EventSources {
  readonly #all: { close(): void }[] = []

  /** For the option `EventSource` of the connection, which its types keep to themselves. */
  get class(): EventSourceClass {
    const all = this.#all
    return class extends EventSource {
      constructor(url: string, init?: object) {
        super(url, init)
        all.push(this)
      }
    }
  }

  close(): void {
    for (const source of this.#all) source.close()
  }
}

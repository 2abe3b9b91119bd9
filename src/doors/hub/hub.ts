import type { IncomingMessage } from 'node:http'
import type { Message } from '#core'
import type { HubConnection } from './connection/connection.ts'
import type { HubEvent } from './hub-event.ts'

/**
 * One hub: who may come in, and what they are told. How they are told it (transports, protocols, keep-alive, limits) is
 * the endpoint's business and the same for all hubs.
 */
export interface Hub {
  /** For the log. */
  readonly name: string
  /** Says who sent a request, before anything is answered. May take its time; a rejection is a fault of ours. */
  admit(request: IncomingMessage): Promise<Guest | Refusal>
  /**
   * What a message on a subject of its guests is on the hub; `undefined` for one that is nothing, which is for the hub
   * to log. Asked once for each message and group, however many are in it. Hot.
   */
  translate(message: Message): HubEvent | undefined
  /** So many connections were handed what `message` is. */
  onTold?(message: Message, connections: number): void
  /** What a message is called where messages are counted; there must be few such names. Hot. Default: all are alike. */
  typeOf?(message: Message): string
  /**
   * What stands for everything that a client could not take in time. Where there is none, a client that is behind is
   * closed, and told that it may come back.
   */
  substitute?(guest: Guest): HubEvent
  /** The client has shaken hands: from here on it hears. */
  onOpen?(connection: HubConnection): void
  /** What the client was told before it was asked last, with `HubConnection.ask`, has reached it. */
  onHeard?(connection: HubConnection): void
  /** It hears no more; also when it never opened. */
  onEnding?(connection: HubConnection): void
  /** How many clients were told to sync because they may have missed something, since the start. Default: nobody is. */
  readonly caughtUp?: number
}

/** How a client hears, by SignalR's names. */
export type HubTransport = 'WebSockets' | 'ServerSentEvents' | 'LongPolling'

/** Somebody whom a hub lets in. */
export interface Guest {
  /** Whose connections are counted together; for the log too. `undefined` where nobody has a name. */
  readonly userId: string | undefined
  /** The client's own name for itself: `undefined` where it has none. */
  readonly deviceId: string | undefined
  /** `Web`, `Browser`, `Desktop`, `Mobile` or `Cli`; `undefined`: of no type, so it hears only what is for all. */
  readonly clientType: string | undefined
  /** In the door's account; wildcards may be among them. */
  readonly subjects: readonly string[]
}

/** An answer to a request that gets no connection. */
export interface Refusal {
  /** HTTP. */
  readonly status: number
  /** For the client: says nothing of why a token is not good. */
  readonly message: string
}

export function isRefusal(answer: Guest | Refusal): answer is Refusal {
  return 'status' in answer
}

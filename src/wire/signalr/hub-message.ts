/** `type` of every message, and the first item of its list in MessagePack. spec: hub §1.5 */
export const HubMessageType = {
  Invocation: 1,
  StreamItem: 2,
  Completion: 3,
  StreamInvocation: 4,
  CancelInvocation: 5,
  Ping: 6,
  Close: 7,
  Ack: 8,
  Sequence: 9,
} as const

/** What a Completion brings: in MessagePack the fourth item of its list. */
export const ResultKind = { Error: 1, Void: 2, Value: 3 } as const

export interface Invocation {
  readonly type: typeof HubMessageType.Invocation
  /** Null when the sender wants no Completion. */
  readonly invocationId: string | null
  readonly target: string
  readonly arguments: readonly unknown[]
}

/** A call that is answered with any number of items and a Completion. */
export interface StreamInvocation {
  readonly type: typeof HubMessageType.StreamInvocation
  readonly invocationId: string
  readonly target: string
  readonly arguments: readonly unknown[]
}

export interface StreamItem {
  readonly type: typeof HubMessageType.StreamItem
  readonly invocationId: string
  readonly item: unknown
}

export interface Completion {
  readonly type: typeof HubMessageType.Completion
  readonly invocationId: string
  readonly outcome: Outcome
}

export type Outcome =
  | { readonly kind: typeof ResultKind.Error; readonly error: string }
  | { readonly kind: typeof ResultKind.Void }
  | { readonly kind: typeof ResultKind.Value; readonly result: unknown }

export interface CancelInvocation {
  readonly type: typeof HubMessageType.CancelInvocation
  readonly invocationId: string
}

export interface Ping {
  readonly type: typeof HubMessageType.Ping
}

export interface Close {
  readonly type: typeof HubMessageType.Close
  readonly error: string | null
  /** Whether a client that reconnects by itself may do so. */
  readonly allowReconnect: boolean
}

/** Book-keeping of stateful reconnect. */
export interface Acknowledgement {
  readonly type: typeof HubMessageType.Ack | typeof HubMessageType.Sequence
  readonly sequenceId: number
}

export type HubMessage =
  | Invocation
  | StreamInvocation
  | StreamItem
  | Completion
  | CancelInvocation
  | Ping
  | Close
  | Acknowledgement

import type { Socket } from 'node:net'
import type { Clock } from '#kit'
import type { Lookup } from './lookup.ts'

/** Where a server listens. */
export interface DialTarget {
  /** A name or an address, of IPv6 without brackets. */
  readonly host: string
  readonly port: number
}

/** A proxy that is asked to `CONNECT`. */
export interface HttpProxy {
  /** `http://` or `https://` with a host; the port is 80 or 443 where there is none. */
  readonly url: string
  /** Either both or neither. */
  readonly username?: string | undefined
  readonly password?: string | undefined
}

export interface DialOptions {
  readonly clock: Clock
  /** For all of it: finding the addresses, connecting, and what the proxy takes. Milliseconds, at least 1. */
  readonly timeoutMs: number
  /** Default: no proxy. It looks the name of the server up. */
  readonly proxy?: HttpProxy | undefined
  /** Gives up, and whatever was begun is ended. */
  readonly signal?: AbortSignal | undefined
  /** Default: that of the system. */
  readonly lookup?: Lookup | undefined
}

/** A connected socket that nobody reads yet: whoever takes it does so in the turn in which it is handed over. */
export type DialedSocket = Socket

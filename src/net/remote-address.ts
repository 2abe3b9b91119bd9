import type { Socket } from 'node:net'
import { plainAddress } from '#kit'
import type { RemoteAddress } from './carrier.ts'

/** For connections that came through a proxy which told whose they are. */
const noted = new WeakMap<object, RemoteAddress>()

/** From now on `remoteOf(socket)` is `remote`. */
export function noteRemote(socket: Socket, remote: RemoteAddress): void {
  noted.set(socket, remote)
}

/**
 * Who is at the other end of a connection: whom a PROXY header named, else the other end of the socket. An IPv4 address
 * that came in over an IPv6 socket is written as IPv4. The address is empty when the peer is gone or on a UNIX socket.
 */
export function remoteOf(socket: Partial<Pick<Socket, 'remoteAddress' | 'remotePort'>>): RemoteAddress {
  return noted.get(socket) ?? { address: plainAddress(socket.remoteAddress ?? ''), port: socket.remotePort ?? 0 }
}

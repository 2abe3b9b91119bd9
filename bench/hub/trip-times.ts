/**
 * Measures inside the server: from the arrival of a request that changes an item to the moment when the event's bytes
 * have been written to the last of the user's devices. Import it before anything opens a socket.
 */
import diagnostics from 'node:diagnostics_channel'
import type { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'

/** First byte of a WebSocket frame with a whole binary message: an HTTP response never begins like that. */
const BINARY_MESSAGE = 0x82

const CHANGE = /^\/api\/ciphers\/([0-9a-f-]{36})$/

interface Trip {
  readonly arrivedAtMs: number
  writes: number
}

const underWay = new Map<string, Trip>()
const tripsMs: number[] = []
let devicesPerUser = 0

diagnostics.subscribe('http.server.request.start', (message) => {
  const { method, url } = (message as { request: IncomingMessage }).request
  const id = method === 'PUT' && CHANGE.exec(url ?? '')?.[1]
  if (id) underWay.set(id, { arrivedAtMs: performance.now(), writes: 0 })
})

// The overloads cannot be said in one signature.
const write = Socket.prototype.write as (...args: unknown[]) => boolean
Socket.prototype.write = function (this: Socket, ...args: unknown[]): boolean {
  const answer = write.apply(this, args)
  const [bytes] = args
  if (Buffer.isBuffer(bytes) && bytes[0] === BINARY_MESSAGE) written(bytes)
  return answer
}

/** A frame may tell of several changes. Ids are ASCII in MessagePack as well. */
function written(frame: Buffer): void {
  for (const [id, trip] of underWay) {
    if (!frame.includes(id, 0, 'latin1') || ++trip.writes < devicesPerUser) continue
    tripsMs.push(performance.now() - trip.arrivedAtMs)
    underWay.delete(id)
  }
}

/** What the parent may say: how many writes make a trip, and that it wants to know the trips since it asked last. */
process.on('message', (message: { devicesPerUser: number } | 'trips') => {
  if (message === 'trips') process.send?.({ tripsMs: tripsMs.splice(0), underWay: underWay.size })
  else ({ devicesPerUser } = message)
})

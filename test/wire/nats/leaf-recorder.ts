import type { LeafHandler } from '#wire/nats'
import type { LeafEvent } from './leaf-lines.ts'

/** A handler that writes down what it is told, bodies as byte strings. */
export function leafRecorder(events: LeafEvent[]): LeafHandler {
  return {
    onInfo: (json) => events.push(['info', json]),
    onConnect: (json) => events.push(['connect', json]),
    onInterest: (subject, queue, weight) => events.push(['interest', subject, queue, weight]),
    onNoInterest: (subject, queue) => events.push(['no interest', subject, queue]),
    onMessage: (subject, reply, queues, body, headerBytes) =>
      events.push(['message', subject, reply, [...queues], body.toString('latin1'), headerBytes]),
    onPing: () => events.push(['ping']),
    onPong: () => events.push(['pong']),
    onError: (text) => events.push(['error', text]),
  }
}

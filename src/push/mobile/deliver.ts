import type { Deliver } from '../push.ts'
import type { RelayClient } from './relay-client.ts'
import { sendBody } from './relay-payload.ts'

/** Tells phones by way of the relay. */
export function deliverToPhones(relay: Pick<RelayClient, 'ask'>): Deliver {
  return async (push, signal) => {
    if (push.to.kind !== 'phones') throw new TypeError('a push that is for no phones')
    const answer = await relay.ask('send', sendBody(push, push.to), signal)
    switch (answer.kind) {
      case 'done':
        return { kind: 'sent' }
      case 'busy':
        return answer
      case 'refused':
      case 'unknown':
        return { kind: 'refused', why: answer.why }
    }
  }
}

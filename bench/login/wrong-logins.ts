/** A process that sends wrong passwords for as long as it lives, from one address, to the names of the server's users. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { ListenAddress } from '#net'
import { logIn } from './nats-login.ts'

export interface WrongLoginsOrder {
  readonly server: ListenAddress
  readonly localAddress: string
  readonly perSecond: number
  readonly users: readonly string[]
}

export interface WrongLoginsFigures {
  readonly sent: number
  readonly answered: number
}

let sent = 0
let answered = 0

async function flood({ server, localAddress, perSecond, users }: WrongLoginsOrder): Promise<never> {
  const startMs = performance.now()
  for (;;) {
    const waitMs = startMs + (sent * 1000) / perSecond - performance.now()
    if (waitMs > 0) await sleep(waitMs)
    const credentials = { user: users[sent % users.length]!, password: `wrong ${sent}` }
    sent++
    logIn({ server, localAddress, credentials })
      .then((login) => {
        if (login !== undefined) throw new Error('A wrong password was right')
        answered++
      })
      .catch((error: NodeJS.ErrnoException) => {
        // A server that is busy may reset a connection.
        if (error.code === undefined) throw error
      })
  }
}

process.on('message', (order: WrongLoginsOrder | 'figures') => {
  if (order === 'figures') process.send?.({ sent, answered } satisfies WrongLoginsFigures)
  else void flood(order)
})
process.once('disconnect', () => process.exit())

import type { ChildProcess } from 'node:child_process'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import type { Answers, Order } from './orders.ts'

/** Sends an order to a process that answers each with one message. Rejects when it ends instead. */
export async function ask<T>(child: ChildProcess, order: object): Promise<T> {
  const stop = new AbortController()
  const { signal } = stop
  const ended = once(child, 'exit', { signal }).then(([code, by]) =>
    Promise.reject(new Error(`The process ended (${by ?? code})`)),
  )
  const answered = once(child, 'message', { signal })
  child.send(order)
  try {
    const [answer] = await Promise.race([answered, ended])
    return answer
  } finally {
    ended.catch(() => {})
    stop.abort()
  }
}

export interface Crowd extends Disposable {
  ask<Kind extends Order['kind']>(order: Extract<Order, { kind: Kind }>): Promise<Answers[Kind]>
}

export function startCrowd(): Crowd {
  const child = fork(new URL('crowd.ts', import.meta.url), { execArgv: [] })
  return {
    ask: (order) => ask(child, order),
    [Symbol.dispose]: () => void child.kill('SIGKILL'),
  }
}

/** Servers of ours that link to others, and what crosses such a link. */
import assert from 'node:assert/strict'
import { headers, type Msg, type NatsConnection } from '@nats-io/nats-core'
import { until } from '../../helpers/wait.ts'
import { ConfiguredServer } from '../../services/configured-server.ts'
import { connectTcp } from '../nats-clients.ts'

/** A server of ours with one remote; `remote` is what that says besides its URLs. */
export function startSpoke(urls: string | readonly string[], remote = '', config = ''): Promise<ConfiguredServer> {
  return ConfiguredServer.start(spokeConfig(urls, remote, config))
}

export function spokeConfig(urls: string | readonly string[], remote = '', config = ''): string {
  const remotes = `remotes: [ { urls: ${JSON.stringify([urls].flat())}\n${remote} } ]`
  return `listen: "127.0.0.1:-1"\n${config}\nleafnodes { reconnect: "100ms"\n${remotes} }`
}

/** Resolves when there are as many links that were made here. */
export async function linked({ log }: ConfiguredServer, count = 1): Promise<void> {
  const events = (name: string) => log.filter(({ event }) => event === name).length
  const links = () => events('leaf node connected') - events('leaf node closed')
  await until(() => links() === count, `${count} links`).catch((cause: unknown) => {
    throw new Error(JSON.stringify(log.slice(-20)), { cause })
  })
}

/** The message of the first event of that name that `pattern` matches. */
export async function logged({ log }: ConfiguredServer, event: string, pattern = /(?:)/): Promise<string> {
  const texts = () => log.filter((one) => one.event === event).map(({ fields }) => JSON.stringify(fields))
  return until(() => texts().find((text) => pattern.test(text)), `"${event}" ${pattern}`).catch((cause: unknown) => {
    throw new Error(JSON.stringify(log.slice(-20)), { cause })
  })
}

/** Messages to `subject` as they come. */
export async function heard(client: NatsConnection, subject: string, queue?: string): Promise<Msg[]> {
  const messages: Msg[] = []
  const callback = (_: unknown, message: Msg) => void messages.push(message)
  client.subscribe(subject, { callback, ...(queue !== undefined && { queue }) })
  await client.flush()
  return messages
}

/** Publishes until it arrives, since interest takes its time; resolves when what was published last is there. */
export async function crosses(from: NatsConnection, to: NatsConnection, subject: string): Promise<void> {
  const messages = await heard(to, subject)
  await until(async () => {
    from.publish(subject, 'probe')
    await from.flush()
    return messages.length > 0
  }, `a message on ${subject}`)
}

/** What a link is for, in one direction: messages, headers, answers, queue groups, and nobody there. */
export async function checkTraffic(from: NatsConnection, to: NatsConnection, prefix: string): Promise<void> {
  await crosses(from, to, `${prefix}.ready`)
  const plain = await heard(to, `${prefix}.plain.*`)
  const groups = [await heard(to, `${prefix}.work`, 'crew'), await heard(to, `${prefix}.work`, 'crew')]
  to.subscribe(`${prefix}.ask`, { callback: (_, message) => void message.respond(`${message.string()}!`) })
  await to.flush()
  await crosses(from, to, `${prefix}.set`)

  const head = headers()
  head.set('X-Name', 'wert')
  const payload = new Uint8Array(200_000).map((_, i) => i)
  from.publish(`${prefix}.plain.a`, payload, { headers: head })
  from.publish(`${prefix}.plain.b`)
  for (let i = 0; i < 20; i++) from.publish(`${prefix}.work`, String(i))
  await from.flush()
  const works = () => groups.flat().map((message) => Number(message.string()))
  await until(() => plain.length === 2 && works().length === 20, 'all messages')
  assert.deepEqual(
    plain.map(({ subject }) => subject),
    [`${prefix}.plain.a`, `${prefix}.plain.b`],
  )
  assert.equal(plain[0]!.headers?.get('X-Name'), 'wert')
  assert.deepEqual(Buffer.from(plain[0]!.data), Buffer.from(payload))
  assert.deepEqual(
    works().sort((a, b) => a - b),
    Array.from({ length: 20 }, (_, i) => i),
  )

  const answer = await from.request(`${prefix}.ask`, 'well', { timeout: 5_000 })
  assert.equal(answer.string(), 'well!')
  await assert.rejects(from.request(`${prefix}.nobody`, '', { timeout: 5_000 }), /no responders|503/i)
}

/** A client, closed at the end of its block. */
export async function connectTo(url: string, options: Parameters<typeof connectTcp>[1] = {}) {
  const client = await connectTcp(url, options)
  return { client, [Symbol.asyncDispose]: () => client.close() }
}

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import test from 'node:test'
import { Broker, InProcessClient, type Message, RequestClient } from '#core'
import { FakeClock } from '../helpers/fake-clock.ts'

function world(maxWaiting?: number) {
  const broker = new Broker(() => 0)
  const clock = new FakeClock()
  const account = broker.account('A')
  const service = new InProcessClient(account, (error) => assert.fail(error as Error))
  const client = new RequestClient({ broker, clock, randomBytes, ...(maxWaiting === undefined ? {} : { maxWaiting }) })
  return { broker, clock, account, service, client }
}

const request = { subject: 'ask.me', payload: Buffer.from('how?') }

test('a request resolves with its first answer, and leaves nothing behind', async () => {
  const { clock, account, service, client } = world()
  const asked: Message[] = []
  service.subscribe('ask.*', (message) => {
    asked.push(message)
    service.publish(message.reply, Buffer.from('so'))
    service.publish(message.reply, Buffer.from('or so'))
  })
  const answer = await client.request('A', request, 1_000)
  assert.equal(answer?.payload.toString(), 'so')
  assert.equal(asked[0]?.payload.toString(), 'how?')
  assert.match(asked[0]?.reply ?? '', /^\$SYS\._INBOX\.[0-9a-f]{32}$/)
  assert.deepEqual([client.waiting, clock.pending, account.subscriptionCount], [0, 0, 1])
})

test('headers of a request and of its answer come across', async () => {
  const { service, client } = world()
  const headers = Buffer.from('NATS/1.0\r\nA: b\r\n\r\n')
  service.subscribe('ask.me', (message) => service.publish(message.reply, message.payload, '', headers))
  const answer = await client.request('A', { ...request, headers }, 1_000)
  assert.equal(answer?.headerBytes, headers.length)
  assert.equal(answer?.payload.toString(), 'how?')
})

test('a request without an answer ends when its time is over, and not before', async () => {
  const { clock, account, service, client } = world()
  service.subscribe('ask.me', () => {})
  let isOver = false
  const answer = client.request('A', request, 1_000).finally(() => {
    isOver = true
  })
  clock.advance(999)
  await Promise.resolve()
  assert.equal(isOver, false)
  clock.advance(1)
  assert.equal(await answer, undefined)
  assert.deepEqual([clock.pending, account.subscriptionCount], [0, 1])
})

test('where nobody listens, and in an account that there is not, a request ends at once', async () => {
  const { clock, client } = world()
  assert.equal(await client.request('A', request, 1_000), undefined)
  assert.equal(await client.request('B', request, 1_000), undefined)
  assert.equal(clock.pending, 0)
})

test('one request too many ends at once, and nobody gets it', async () => {
  const { service, client } = world(1)
  const replies: string[] = []
  service.subscribe('ask.me', ({ reply }) => replies.push(reply))
  const first = client.request('A', request, 1_000)
  assert.equal(await client.request('A', request, 1_000), undefined)
  assert.equal(replies.length, 1)
  service.publish(replies[0]!, Buffer.from('late'))
  assert.equal((await first)?.payload.toString(), 'late')
})

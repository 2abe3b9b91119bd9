/** Servers of ours at both ends of a link, between two and among three, and reloads of the one that connects. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TestAuthority } from '../../helpers/certificates.ts'
import { startNatsNode } from '../../helpers/nats-cluster.ts'
import { freePort } from '../../helpers/processes.ts'
import { requireProgram } from '../../helpers/programs.ts'
import type { LoggedEvent } from '../../helpers/recording-logger.ts'
import { temporaryFolder } from '../../helpers/temp.ts'
import { until } from '../../helpers/wait.ts'
import { ConfiguredServer } from '../../services/configured-server.ts'
import { checkTraffic, connectTo, crosses, heard, linked, logged, spokeConfig, startSpoke } from './spoke.ts'

const { skip } = requireProgram('nats-server')

interface Way {
  readonly hub: (port: number, files: Readonly<Record<'cert' | 'key' | 'ca', string>>) => string
  readonly scheme: string
  readonly remote?: (ca: string) => string
}

const trusting = (more: string) => (ca: string) => `tls { ca_file: "${ca}"${more} }`
const WAYS: Readonly<Record<string, Way>> = {
  TCP: { hub: (port) => `leafnodes { listen: "127.0.0.1:${port}" }`, scheme: 'nats' },
  'TLS before anything is said': {
    hub: (port, { cert, key }) =>
      `leafnodes { listen: "127.0.0.1:${port}", tls { cert_file: "${cert}", key_file: "${key}", handshake_first: true } }`,
    scheme: 'tls',
    remote: trusting(', handshake_first: true'),
  },
  'WebSocket, compressed and without masks': {
    hub: (port) =>
      `leafnodes { listen: "127.0.0.1:-1" }\nwebsocket { listen: "127.0.0.1:${port}", no_tls: true, compression: true }`,
    scheme: 'ws',
    remote: () => 'ws_compression: true, ws_no_masking: true',
  },
  'WebSocket over TLS': {
    hub: (port, { cert, key }) =>
      `leafnodes { listen: "127.0.0.1:-1" }
      websocket { listen: "127.0.0.1:${port}", tls { cert_file: "${cert}", key_file: "${key}" } }`,
    scheme: 'wss',
    remote: trusting(''),
  },
}

for (const [name, { hub: hubOf, scheme, remote }] of Object.entries(WAYS)) {
  test(`from ours to ours: ${name}`, async () => {
    await using folder = await temporaryFolder()
    const authority = await TestAuthority.create(folder)
    const { certFile, keyFile } = await authority.issue()
    const port = await freePort()
    const files = { cert: certFile, key: keyFile, ca: authority.caFile }
    await using hub = await ConfiguredServer.start(`listen: "127.0.0.1:-1"\n${hubOf(port, files)}`)
    await using spoke = await startSpoke(`${scheme}://localhost:${port}`, remote?.(authority.caFile))
    await linked(spoke)
    await using there = await connectTo(hub.natsUrl)
    await using here = await connectTo(spoke.natsUrl)
    await checkTraffic(here.client, there.client, 'up')
    await checkTraffic(there.client, here.client, 'down')
  })
}

test('the one that connects may be the hub: its other leaf nodes hear of each other through it', async () => {
  const [left, right] = [await freePort(), await freePort()]
  const listening = (port: number) => `listen: "127.0.0.1:-1"\nleafnodes { listen: "127.0.0.1:${port}" }`
  await using first = await ConfiguredServer.start(listening(left))
  await using second = await ConfiguredServer.start(listening(right))
  const remote = (port: number) => `{ url: "nats://127.0.0.1:${port}", hub: true }`
  await using hub = await ConfiguredServer.start(
    `listen: "127.0.0.1:-1"\nleafnodes { reconnect: "100ms", remotes: [ ${remote(left)}, ${remote(right)} ] }`,
  )
  await linked(hub, 2)
  await using one = await connectTo(first.natsUrl)
  await using other = await connectTo(second.natsUrl)
  await checkTraffic(one.client, other.client, 'across')
  await checkTraffic(other.client, one.client, 'back')
})

test('a loop of two of ours and a hub is found and named; nothing comes twice, and each goes on for its own', {
  skip,
}, async () => {
  await using hub = await startNatsNode({ leafnodes: true })
  const port = await freePort()
  const remotes = (...urls: string[]) => `remotes: [ ${urls.map((url) => `{ url: "${url}" }`).join(', ')} ]`
  await using first = await ConfiguredServer.start(
    `listen: "127.0.0.1:-1"\nleafnodes { listen: "127.0.0.1:${port}", reconnect: "100ms", ${remotes(hub.leafUrl)} }`,
  )
  await linked(first)
  await using second = await startSpoke(`nats://127.0.0.1:${port}`)
  await linked(second)
  await using there = await connectTo(hub.url)
  await using here = await connectTo(second.natsUrl)
  await using neighbour = await connectTo(second.natsUrl)
  const messages = await heard(here.client, 'from.*.*')
  await crosses(there.client, here.client, 'ready')

  let count = 0
  let isPublishing = true
  const traffic = (async () => {
    while (isPublishing) {
      there.client.publish(`from.there.${++count}`)
      neighbour.client.publish(`from.here.${count}`)
      await Promise.all([there.client.flush(), neighbour.client.flush()])
    }
  })()
  const url = `{ url: "${hub.leafUrl}" }, { urls`
  await second.reload(spokeConfig(`nats://127.0.0.1:${port}`).replace('{ urls', url))
  const isLoop = ({ event, fields }: LoggedEvent) =>
    event === 'leaf node not connected' && /Loop detected.*take one of the remotes away/.test(JSON.stringify(fields))
  await until(() => [first, second].some(({ log }) => log.some(isLoop)), 'a loop')
  const found = count
  await until(() => count > found + 100, 'traffic')
  isPublishing = false
  await traffic
  await here.client.flush()
  const numbers = (from: string) =>
    messages.filter(({ subject }) => subject.startsWith(from)).map(({ subject }) => Number(subject.split('.')[2]))
  assert.deepEqual(
    numbers('from.here.'),
    Array.from({ length: count }, (_, i) => i + 1),
  )
  // Until the loop was found something may have come by both ways.
  const late = numbers('from.there.').filter((number) => number > found)
  assert.equal(new Set(late).size, late.length, 'something came twice')
})

test('a reload keeps links that stay as they are, ends those that are gone, and makes new ones', { skip }, async () => {
  await using hub = await startNatsNode({ leafnodes: true })
  await using other = await startNatsNode({ leafnodes: true, name: 'other' })
  await using spoke = await startSpoke(hub.leafUrl)
  await linked(spoke)
  await using here = await connectTo(spoke.natsUrl)
  await using there = await connectTo(hub.url)
  await using elsewhere = await connectTo(other.url)
  await crosses(there.client, here.client, 'first')

  const both = spokeConfig(hub.leafUrl, '', 'max_payload: 2MB').replace(
    'remotes: [',
    `remotes: [ { url: "${other.leafUrl}" },`,
  )
  await spoke.reload(both)
  await linked(spoke, 2)
  await crosses(elsewhere.client, here.client, 'second')
  assert.ok(!spoke.log.some(({ event }) => event === 'leaf node closed'))

  await spoke.reload(spokeConfig(other.leafUrl))
  const closed = await logged(spoke, 'leaf node closed')
  assert.match(closed, /"server":"hub"/)
  await crosses(elsewhere.client, here.client, 'third')
  // Those who asked there for our interest are told that it is gone.
  const messages = await heard(here.client, 'fourth')
  there.client.publish('fourth')
  elsewhere.client.publish('fourth')
  await Promise.all([there.client.flush(), elsewhere.client.flush()])
  await crosses(elsewhere.client, here.client, 'fifth')
  assert.ok(messages.length <= 1)
})

test('a reload with files that are not there changes nothing', { skip }, async () => {
  await using hub = await startNatsNode({ leafnodes: true })
  await using spoke = await startSpoke(hub.leafUrl)
  await linked(spoke)
  const wrong = spokeConfig(hub.leafUrl, 'tls { ca_file: "/nowhere/ca.pem" }')
  await assert.rejects(spoke.rehearse(wrong), /ca\.pem/)
  await assert.rejects(spoke.reload(wrong), /ca\.pem/)
  await linked(spoke)
  assert.ok(!spoke.log.some(({ event }) => event === 'leaf node closed'))
})

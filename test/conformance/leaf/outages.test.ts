/** Hubs that are not there yet, that go in the middle of traffic, and clusters of which one server is left. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startNatsCluster, startNatsNode } from '../../helpers/nats-cluster.ts'
import { freePort } from '../../helpers/processes.ts'
import { until } from '../../helpers/wait.ts'
import { describeHubs } from './hubs.ts'
import { connectTo, crosses, heard, linked, logged, startSpoke } from './spoke.ts'

describeHubs('outages', ({ command }) => {
  const program = { leafnodes: true, ...(command && { command }) }

  test('a hub that is down when we start delays nothing, and is found when it comes', async () => {
    await using hub = await startNatsNode(program)
    await hub.kill()
    await using spoke = await startSpoke(hub.leafUrl)
    await using here = await connectTo(spoke.natsUrl)
    await here.client.flush()
    const said = await logged(spoke, 'leaf node server not reached')
    assert.match(said, /connect: connection refused/)
    assert.match(said, /is the server up/)
    await hub.start()
    await linked(spoke)
    await using there = await connectTo(hub.url)
    await crosses(there.client, here.client, 'down')
  })

  test('of several URLs the first may be dead', async () => {
    await using hub = await startNatsNode(program)
    const dead = [`nats://127.0.0.1:${await freePort()}`, 'nats://belfry.invalid:7422']
    await using spoke = await startSpoke([...dead, hub.leafUrl], 'no_randomize: true')
    await linked(spoke)
    await logged(spoke, 'leaf node server not reached', /connection refused/)
    await logged(spoke, 'leaf node server not reached', /lookup belfry\.invalid/)
  })

  test('a hub that is killed and comes back in the middle of traffic: what is published then arrives, and nothing twice', async () => {
    await using hub = await startNatsNode(program)
    await using spoke = await startSpoke(hub.leafUrl)
    await linked(spoke)
    await using here = await connectTo(spoke.natsUrl)
    await using there = await connectTo(hub.url, { reconnectTimeWait: 20, maxReconnectAttempts: -1 })
    const down = await heard(here.client, 'down.>')
    const up = await heard(there.client, 'up.>')
    await crosses(there.client, here.client, 'ready')

    let count = 0
    let isPublishing = true
    const traffic = (async () => {
      while (isPublishing && !here.client.isClosed() && !there.client.isClosed()) {
        here.client.publish(`up.${++count}`)
        there.client.publish(`down.${count}`)
        await new Promise((resolve) => setTimeout(resolve, 1))
      }
    })()
    for (let round = 0; round < 3; round++) {
      await until(() => count > 100 * (round + 1), 'traffic')
      await hub.restart()
      await until(() => there.client.flush().then(() => true), 'the client of the hub')
      await linked(spoke)
      await crosses(there.client, here.client, `again.${round}`)
      await crosses(here.client, there.client, `back.${round}`)
    }
    const afterwards = count + 1
    await until(() => count >= afterwards + 200, 'traffic')
    isPublishing = false
    await traffic
    await Promise.all([here.client.flush(), there.client.flush()])
    for (const [messages, name] of [
      [down, 'down'],
      [up, 'up'],
    ] as const) {
      const numbers = () => messages.map(({ subject }) => Number(subject.split('.')[1]))
      await until(() => numbers().at(-1) === count, `the last of ${name}`)
      assert.equal(new Set(numbers()).size, numbers().length, 'something came twice')
      const late = numbers().filter((number) => number >= afterwards)
      assert.deepEqual(
        late,
        Array.from({ length: count - afterwards + 1 }, (_, i) => afterwards + i),
        name,
      )
    }
  })

  test('one server of a cluster is enough to find the others', async () => {
    await using cluster = await startNatsCluster(3, program)
    const [first] = cluster.nodes
    await using spoke = await startSpoke(first!.leafUrl)
    await linked(spoke)
    await using here = await connectTo(spoke.natsUrl)
    for (const dead of [first!, cluster.nodes[1]!]) {
      await dead.kill()
      await logged(spoke, 'leaf node closed')
      await linked(spoke)
      const alive = cluster.nodes.filter((node) => node.runs)
      await using there = await connectTo(alive[0]!.url)
      await crosses(there.client, here.client, `down.${alive.length}`)
      await crosses(here.client, there.client, `up.${alive.length}`)
    }
  })

  test('a server of a cluster that freezes is left for another, which still has our interest from it', async () => {
    await using cluster = await startNatsCluster(2, program)
    const [first, second] = cluster.nodes
    await using spoke = await startSpoke(first!.leafUrl, '', 'ping_interval: "200ms", ping_max: 1')
    await linked(spoke)
    await using here = await connectTo(spoke.natsUrl)
    await using there = await connectTo(second!.url)
    await crosses(there.client, here.client, 'before')
    first!.program.child.kill('SIGSTOP')
    await logged(spoke, 'leaf node closed', /Stale Connection/)
    await linked(spoke)
    await crosses(there.client, here.client, 'after')
    assert.ok(!spoke.log.some(({ fields }) => /Loop/.test(String(fields.reason))))
  })

  test('and over WebSocket as well', async () => {
    await using cluster = await startNatsCluster(3, program)
    const [first, second] = cluster.nodes
    await using spoke = await startSpoke(first!.webSocketUrl)
    await linked(spoke)
    await first!.kill()
    await logged(spoke, 'leaf node closed')
    await linked(spoke)
    await using here = await connectTo(spoke.natsUrl)
    await using there = await connectTo(second!.url)
    await crosses(there.client, here.client, 'down')
  })

  test('unless they are not to be looked for', async () => {
    await using cluster = await startNatsCluster(2, program)
    const [first] = cluster.nodes
    await using spoke = await startSpoke(first!.leafUrl, 'ignore_discovered_servers: true')
    await linked(spoke)
    await first!.kill()
    await logged(spoke, 'leaf node server not reached', new RegExp(`${first!.leafPort}.*"attempt":[3-9]`))
    assert.ok(!JSON.stringify(spoke.log).includes(String(cluster.nodes[1]!.leafPort)))
    await first!.start()
    await linked(spoke)
  })
})

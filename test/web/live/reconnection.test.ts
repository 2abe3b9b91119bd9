import assert from 'node:assert/strict'
import { afterEach, beforeEach, mock, test } from 'node:test'
import { silentLogger } from '#kit'
import { type Server, startServer } from '#server'
import type { LiveState } from '../../../web/src/live/live.ts'
import { startTestServer } from '../../helpers/server.ts'
import { temporaryFolder } from '../../helpers/temp.ts'
import { until } from '../../helpers/wait.ts'
import { Client, newEmail, untilCell } from '../vault/client.ts'
import { FrozenLine } from './frozen-line.ts'

let told: string[] = []
beforeEach(() => {
  told = []
  for (const method of ['info', 'warn'] as const) mock.method(console, method, (line: string) => void told.push(line))
})
afterEach(() => mock.restoreAll())

/** A server that can be started again where it was. */
function startIn(dataFolder: string, port: number): Promise<Server> {
  const anyPort = { host: '127.0.0.1', port: 0 }
  const vault = { dataFolder, passwordIterations: 100_000, loginRatelimitMaxBurst: 1000 }
  return startServer({ nats: anyPort, web: { ...anyPort, port, https: false }, vault }, { logger: silentLogger })
}

/** What the state was from now on. */
function statesOf({ live }: Client): LiveState[] {
  const states: LiveState[] = []
  live!.state.listen((state) => states.push(state))
  return states
}

test('a server that is away and comes back is found again, and what was done meanwhile is seen', async () => {
  await using folder = await temporaryFolder()
  const start = (port: number) => startIn(folder.path, port)
  let server = await start(0)
  const { port } = server.addresses.web
  const url = `http://127.0.0.1:${port}`
  try {
    const email = await newEmail(url)
    using there = await Client.open({ url, email })
    const id = await there.create('Note')
    using here = await Client.open({ url, email })
    await Promise.all([here.connected(), there.connected()])
    const states = statesOf(here)
    there.live!.close()
    await server.close()
    await untilCell(here.live!.state, (state) => state === 'offline', 'the loss')
    assert.deepEqual(here.names(), ['Note'])
    server = await start(port)
    await there.rename(id, 'Renamed')
    // As when the user comes back to the page: there is no need to wait.
    here.wake('attention')
    await here.connected()
    await here.shows('Renamed')
    assert.deepEqual([...here.vault.recent.value], [[id, 'changed']])
    assert.deepEqual([...new Set(states)], ['connecting', 'offline', 'connected'])
  } finally {
    await server.close()
  }
})

test('a server that has restarted is found again by itself within seconds', async () => {
  await using folder = await temporaryFolder()
  const start = (port: number) => startIn(folder.path, port)
  let server = await start(0)
  const { port } = server.addresses.web
  try {
    const url = `http://127.0.0.1:${port}`
    using here = await Client.open({ url, email: await newEmail(url) })
    await here.connected()
    await server.close()
    server = await start(port)
    await here.connected()
  } finally {
    await server.close()
  }
})

test('a connection that goes silent is given up, while one that has nothing to say is kept', async () => {
  await using server = await startTestServer({ vault: {}, hub: { keepAliveMs: 1_000 } })
  const email = await newEmail(server.webUrl)
  await using line = await FrozenLine.to(server.webUrl)
  using there = await Client.open({ url: server.webUrl, email })
  using here = await Client.open({ url: line.url, email, silenceMs: 3_000 })
  await here.connected()
  const states = statesOf(here)
  const startMs = performance.now()
  await until(() => performance.now() - startMs > 4_000, 'more than the silence that is borne')
  assert.deepEqual(states, [])
  line.freeze()
  const id = await there.create('Missed')
  await untilCell(here.live!.state, (state) => state === 'connecting', 'the silence to be noticed')
  line.thaw()
  // Whoever asks into the silence gets no answer: the browser tells that the network is another one.
  await until(() => {
    here.wake('doubt')
    return here.live!.state.value === 'connected'
  }, 'the connection')
  await here.shows('Missed')
  assert.deepEqual([...here.vault.recent.value], [[id, 'created']])
})

test('when the network has changed, another connection is made at once', async () => {
  await using server = await startTestServer({ vault: {} })
  await using line = await FrozenLine.to(server.webUrl)
  using here = await Client.open({ url: line.url, email: await newEmail(server.webUrl) })
  await here.connected()
  const before = told.length
  here.wake('attention')
  assert.equal(here.live!.state.value, 'connected')
  here.wake('doubt')
  await untilCell(here.live!.state, (state) => state === 'connecting', 'the doubt')
  await here.connected()
  const lines = told.slice(before).filter((line) => line.includes('WebSocket connected to'))
  assert.equal(lines.length, 1)
  assert.match(lines[0]!, /Information: WebSocket connected to ws:\/\/127\.0\.0\.1:\d+\/notifications\/hub\.$/)
})

test('an attempt that nobody answers is not waited for when the network is another one', async () => {
  await using server = await startTestServer({ vault: {} })
  await using line = await FrozenLine.to(server.webUrl)
  using here = await Client.open({ url: line.url, email: await newEmail(server.webUrl) })
  await here.connected()
  line.freeze()
  const before = line.connections
  here.wake('doubt')
  await until(() => line.connections > before, 'an attempt')
  line.thaw()
  const sinceMs = performance.now()
  here.wake('doubt')
  await here.connected()
  // Far less than the 15 seconds of an attempt.
  assert.ok(performance.now() - sinceMs < 10_000)
})

test('where no WebSocket gets through, changes are found all the same', async () => {
  await using server = await startTestServer({ vault: {}, web: { servesHub: false } })
  const email = await newEmail(server.webUrl)
  using here = await Client.open({ url: server.webUrl, email })
  using there = await Client.open({ url: server.webUrl, email, isLive: false })
  await untilCell(here.live!.state, (state) => state === 'offline', 'the failure')
  await there.create('Note')
  await here.shows('Note')
})

test('whoever logs out is connected no more, and hears again who logs in next', async () => {
  await using server = await startTestServer({ vault: {} })
  using here = await Client.open({ url: server.webUrl, email: await newEmail(server.webUrl) })
  await here.connected()
  const { session } = here.tab
  session.lock()
  assert.equal(here.live!.state.value, 'connected')
  session.logOut()
  assert.equal(here.live!.state.value, 'off')
  const email = await newEmail(server.webUrl)
  await session.logIn({ email, password: 'correct horse battery staple' })
  await here.connected()
  using there = await Client.open({ url: server.webUrl, email, isLive: false })
  await there.create('Note')
  await here.shows('Note')
})

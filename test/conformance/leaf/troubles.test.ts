/** Why there is no link to a real server: said in the log, with what to do. */
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { TestAuthority } from '../../helpers/certificates.ts'
import { type NatsNode, type NatsNodeOptions, startNatsNode } from '../../helpers/nats-cluster.ts'
import { temporaryFolder } from '../../helpers/temp.ts'
import { once } from '../../helpers/wait.ts'
import { ConfiguredServer } from '../../services/configured-server.ts'
import { Operator } from '../auth/operator.ts'
import { describeHubs } from './hubs.ts'
import { connectTo, crosses, linked, logged, startSpoke } from './spoke.ts'

interface Trouble {
  readonly hub?: NatsNodeOptions
  readonly url: (hub: NatsNode) => string
  readonly remote?: string
  readonly said: RegExp
  readonly hint: RegExp
}

const TROUBLES: Readonly<Record<string, Trouble>> = {
  'the port for clients': {
    url: ({ port }) => `nats://127.0.0.1:${port}`,
    said: /attempted to connect to wrong port/,
    hint: /port for clients of hub/,
  },
  'the port for WebSocket': {
    url: ({ webSocketPort }) => `nats://127.0.0.1:${webSocketPort}`,
    remote: 'first_info_timeout: "100ms"',
    said: /said nothing within 100 ms/,
    hint: /websocket port waits for ws:/,
  },
  'WebSocket at the port for leaf nodes': {
    url: ({ leafPort }) => `ws://127.0.0.1:${leafPort}`,
    said: /Error soliciting websocket connection: invalid websocket connection/,
    hint: /websocket port/,
  },
  'wss where there is no TLS': {
    url: ({ webSocketPort }) => `wss://127.0.0.1:${webSocketPort}`,
    said: /TLS leafnode handshake error/,
    hint: /does not speak TLS there/,
  },
  'TLS where there is none': {
    url: ({ leafPort }) => `tls://127.0.0.1:${leafPort}`,
    said: /TLS leafnode handshake error/,
    hint: /does not speak TLS there|/,
  },
  'a server that wants newer ones': {
    hub: { leafConfig: 'min_version: "9.9.9"' },
    url: ({ leafUrl }) => leafUrl,
    said: /minimum version|closed the connection/i,
    hint: /min_version|its log says why/,
  },
}

describeHubs('troubles', ({ command }) => {
  const program = { leafnodes: true, ...(command && { command }) }

  for (const [name, { hub: options, url, remote, said, hint }] of Object.entries(TROUBLES)) {
    test(name, async () => {
      await using hub = await startNatsNode({ ...program, ...options })
      await using spoke = await startSpoke(url(hub), remote)
      const text = await logged(spoke, 'leaf node not connected')
      assert.match(text, said)
      assert.match(text, hint)
    })
  }

  test('certificates that are not believed, and those for somebody else', async () => {
    await using folder = await temporaryFolder()
    const authority = await TestAuthority.create(folder)
    const { certFile, keyFile } = await authority.issue({ dnsNames: ['hub.example'] })
    const leafConfig = `tls { cert_file: "${certFile}", key_file: "${keyFile}" }`
    await using hub = await startNatsNode({ ...program, leafConfig })
    await using stranger = await startSpoke(hub.leafUrl)
    const unknown = await logged(stranger, 'leaf node not connected')
    assert.match(unknown, /x509: certificate signed by unknown authority/)
    assert.match(unknown, /ca_file in the tls block of the remote/)

    const url = `nats://localhost:${hub.leafPort}`
    await using mistaken = await startSpoke(url, `tls { ca_file: "${authority.caFile}" }`)
    const wrongName = await logged(mistaken, 'leaf node not connected')
    assert.match(wrongName, /certificate is valid for hub\.example, not localhost/)
    assert.match(wrongName, /a name that the certificate there is for/)

    await using careless = await startSpoke(url, 'tls { insecure: true }')
    await linked(careless)
  })

  test('a web server that knows no leaf nodes', async () => {
    const server = http.createServer((_, response) => void response.writeHead(404).end('no such page'))
    await once(server.listen(0, '127.0.0.1'), 'listening')
    await using spoke = await startSpoke(`ws://127.0.0.1:${(server.address() as AddressInfo).port}/belfry`)
    const text = await logged(spoke, 'leaf node not connected')
    assert.match(text, /invalid websocket connection: the server answered 404 Not Found: no such page/)
    server.close().closeAllConnections()
  })

  test('a credentials file that is missing', async () => {
    await using hub = await startNatsNode(program)
    await using spoke = await startSpoke(hub.leafUrl, 'credentials: "/nowhere/leaf.creds"')
    const text = await logged(spoke, 'leaf node not connected')
    assert.match(text, /cannot read the credentials file \(ENOENT\).*nowhere/)
    assert.match(text, /check its path/)
  })

  test('an account that is full there', async () => {
    await using folder = await temporaryFolder()
    const operator = new Operator()
    const account = operator.account('A')
    const file = folder.join('leaf.creds')
    await writeFile(file, (await account.user('leaf')).file)
    const jwt = await account.jwt({ limits: { leaf: 1 } as never })
    const config = await operator.memoryConfig({ [account.key]: jwt })
    await using hub = await startNatsNode({ ...program, config })
    await using first = await startSpoke(hub.leafUrl, `credentials: "${file}"`)
    await linked(first)
    await using second = await startSpoke(hub.leafUrl, `credentials: "${file}"`)
    const text = await logged(second, 'leaf node not connected')
    assert.match(text, /maximum account active connections exceeded/)
    assert.match(text, /max_leafnodes/)
  })

  test('two remotes to the same account are a loop or a duplicate, which is named and does not multiply messages', async () => {
    await using hub = await startNatsNode(program)
    const remote = (host: string) => `{ url: "nats://${host}:${hub.leafPort}" }`
    await using spoke = await ConfiguredServer.start(
      `leafnodes { reconnect: "100ms", remotes: [ ${remote('127.0.0.1')}, ${remote('localhost')} ] }`,
    )
    const text = await logged(spoke, 'leaf node not connected')
    // Which of the two it is depends on whose connection the hub looks at first.
    assert.match(text, /Loop detected.+linked in this account in another way|Duplicate Remote LeafNode.+another remote/)
    await using here = await connectTo(spoke.natsUrl)
    await using there = await connectTo(hub.url)
    await crosses(there.client, here.client, 'down')
  })

  test('what is denied stays on its side, in both directions', async () => {
    await using hub = await startNatsNode(program)
    await using spoke = await startSpoke(hub.leafUrl, 'deny_imports: "in.secret.>", deny_exports: ["out.secret.>"]')
    await linked(spoke)
    await using here = await connectTo(spoke.natsUrl)
    await using there = await connectTo(hub.url)
    const heardHere: string[] = []
    const heardThere: string[] = []
    here.client.subscribe('in.>', { callback: (_, { subject }) => void heardHere.push(subject) })
    there.client.subscribe('out.>', { callback: (_, { subject }) => void heardThere.push(subject) })
    await Promise.all([here.client.flush(), there.client.flush()])
    await crosses(here.client, there.client, 'out.ready')
    await crosses(there.client, here.client, 'in.ready')
    for (const side of ['secret.a', 'public']) {
      there.client.publish(`in.${side}`)
      here.client.publish(`out.${side}`)
    }
    await Promise.all([here.client.flush(), there.client.flush()])
    await crosses(here.client, there.client, 'out.end')
    await crosses(there.client, here.client, 'in.end')
    assert.ok(heardHere.includes('in.public') && heardThere.includes('out.public'))
    assert.deepEqual(
      [...heardHere, ...heardThere].filter((subject) => subject.includes('secret')),
      [],
    )
  })

  test('permissions that the hub gives are kept to: the link stays', async () => {
    const config = `accounts { A { users: [ { user: app, password: app }
      { user: leaf, password: leaf, permissions: { publish: ["up.>"], subscribe: ["down.>"] } } ] } }`
    await using hub = await startNatsNode({ ...program, config })
    await using spoke = await startSpoke(hub.leafUrl.replace('//', '//leaf:leaf@'))
    await linked(spoke)
    await using here = await connectTo(spoke.natsUrl)
    await using there = await connectTo(hub.url, { user: 'app', pass: 'app' })
    const all: string[] = []
    for (const { client } of [here, there]) {
      client.subscribe('>', {
        callback: (_, { subject }) => void all.push(`${client === here.client ? 'here' : 'there'} ${subject}`),
      })
      await client.flush()
    }
    await crosses(here.client, there.client, 'up.ready')
    await crosses(there.client, here.client, 'down.ready')
    here.client.publish('down.x')
    here.client.publish('other')
    there.client.publish('up.x')
    there.client.publish('another')
    await Promise.all([here.client.flush(), there.client.flush()])
    await crosses(here.client, there.client, 'up.end')
    await crosses(there.client, here.client, 'down.end')
    for (const line of ['there down.x', 'there other', 'here up.x', 'here another'])
      assert.ok(!all.includes(line), line)
    await linked(spoke)
    assert.ok(!spoke.log.some(({ event }) => event === 'leaf node closed'))
  })
})

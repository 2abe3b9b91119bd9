/** PostgreSQL goes and comes back: devices are told of what was changed without anybody knowing, and of what they could not fetch. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { NotificationType } from '../../src/notify/index.ts'
import { login, register, type TestDevice } from '../helpers/account.ts'
import { type PostgresServer, startPostgres } from '../helpers/postgres.ts'
import { requireProgram } from '../helpers/programs.ts'
import { startTestServer, type TestServer } from '../helpers/server.ts'
import { HubDevice } from './devices.ts'

const { skip } = requireProgram('postgres')
const { SyncCipherCreate, SyncVault } = NotificationType

describe('when PostgreSQL was away', { skip }, () => {
  const email = 'alice@example.com'
  let postgres: PostgresServer
  let line: CommitLine
  let server: TestServer
  let laptop: { device: TestDevice; hub: HubDevice }
  let phone: typeof laptop

  before(async () => {
    postgres = await startPostgres({ tcp: true })
    const url = new URL(await postgres.createDatabase())
    line = await CommitLine.to(Number(url.port))
    url.port = String(line.port)
    server = await startTestServer({ vault: { databaseUrl: url.href } })
    await register({ server: server.webUrl, email })
    laptop = await newDevice()
    phone = await newDevice()
  })
  after(async () => {
    for (const one of [laptop, phone] as (typeof laptop | undefined)[]) await one?.hub[Symbol.asyncDispose]()
    await server?.close()
    line?.close()
    await postgres?.[Symbol.asyncDispose]()
  })

  async function newDevice() {
    const device = await login({ server: server.webUrl, email })
    return { device, hub: await HubDevice.connect(server.webUrl, device.accessToken) }
  }

  test('a change whose end nobody heard of is told to all devices, also to the one that made it', async () => {
    const before = await laptop.device.get('/api/sync')
    line.cutAtCommit()
    const { status } = await laptop.device.post('/api/ciphers', laptop.device.loginItem('Bank'))
    assert.equal(status, 503)
    for (const { hub } of [laptop, phone]) assert.equal((await hub.next()).Type, SyncVault)
    const { json } = await phone.device.get('/api/sync')
    assert.equal(json.ciphers.length, before.json.ciphers.length + 1)
    assert.deepEqual([laptop.hub.unread, phone.hub.unread], [[], []])
  })

  test('a device that was told of a change and could not fetch it is told to sync when it can', async () => {
    const { json } = await laptop.device.post('/api/ciphers', laptop.device.loginItem('Shop'))
    assert.equal((await phone.hub.next()).Type, SyncCipherCreate)
    await postgres.stop()
    assert.equal((await phone.device.get(`/api/ciphers/${json.id}/details`)).status, 503)
    await postgres.start()
    assert.equal((await phone.hub.next()).Type, SyncVault)
    assert.equal((await phone.device.get(`/api/ciphers/${json.id}/details`)).status, 200)
  })
})

/** Connections to PostgreSQL, one of which may end when it has committed and before it can say so. */
class CommitLine {
  readonly #sockets = new Set<Socket>()
  readonly #proxy = createServer((socket) => this.#accept(socket))
  readonly #portOfServer: number
  #isCutNext = false

  static async to(portOfServer: number): Promise<CommitLine> {
    const line = new CommitLine(portOfServer)
    line.#proxy.listen(0, '127.0.0.1')
    await once(line.#proxy, 'listening')
    return line
  }

  private constructor(portOfServer: number) {
    this.#portOfServer = portOfServer
  }

  get port(): number {
    return (this.#proxy.address() as AddressInfo).port
  }

  cutAtCommit(): void {
    this.#isCutNext = true
  }

  close(): void {
    this.#proxy.close()
    for (const socket of this.#sockets) socket.destroy()
  }

  #accept(near: Socket): void {
    const far = connect(this.#portOfServer, '127.0.0.1')
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(one)
      one.on('error', () => {})
      one.on('close', () => {
        this.#sockets.delete(one)
        other.destroy()
      })
    }
    let isCut = false
    near.on('data', (data) => {
      if (this.#isCutNext && /commit/i.test(data.toString('latin1'))) {
        this.#isCutNext = false
        isCut = true
      }
      far.write(data)
    })
    far.on('data', (data) => {
      if (isCut) near.destroy()
      else near.write(data)
    })
  }
}

import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { registerAndLogin } from '../helpers/account.ts'
import { startPostgres } from '../helpers/postgres.ts'
import { freePort } from '../helpers/processes.ts'
import { requireProgram } from '../helpers/programs.ts'
import { recordingLogger } from '../helpers/recording-logger.ts'
import { startTestServer } from '../helpers/server.ts'
import { until } from '../helpers/wait.ts'
import { queryPostgres } from '../store/open-postgres-store.ts'

const { skip } = requireProgram('postgres')

describe('while the database and the cluster are away', { skip }, async () => {
  if (skip) return
  const postgres = await startPostgres()
  after(() => postgres[Symbol.asyncDispose]())

  test('users of the vault stay connected to NATS, and are looked at when the database is back', async () => {
    const databaseUrl = await postgres.createDatabase()
    // What others change is not heard, so the database is looked into every five seconds.
    const clusterUrl = `nats://127.0.0.1:${await freePort()}`
    let failedLooks = 0
    const logger = recordingLogger(({ event }) => {
      if (event.startsWith('not known what other instances changed')) failedLooks++
    })
    await using server = await startTestServer({ vault: { databaseUrl, clusterUrl } }, logger)
    const staying = await registerAndLogin({ server: server.webUrl })
    const leaving = await registerAndLogin({ server: server.webUrl })
    await using stays = await natsClient(server.webNatsUrl, staying.accessToken)
    await using leaves = await natsClient(server.webNatsUrl, leaving.accessToken)

    await postgres.stop('SIGKILL')
    await until(() => failedLooks > 0, 'a look into the database', 20_000)
    assert.deepEqual([await stays.answers(), await leaves.answers()], [true, true])

    // Those who served its connections hold its memory until they notice.
    await until(() => postgres.start().then(() => true), 'PostgreSQL to start again')
    // By an instance that is not heard.
    await queryPostgres(databaseUrl, `UPDATE users SET security_stamp = 'other' WHERE uuid = '${leaving.userId}'`)
    await until(async () => !(await leaves.answers()), 'the session that ended to be noticed', 20_000)
    assert.equal(await stays.answers(), true)
  })
})

/** A browser with an access token. */
async function natsClient(url: string, token: string) {
  const socket = new WebSocket(url)
  socket.binaryType = 'arraybuffer'
  await until(() => socket.readyState === WebSocket.OPEN, 'the connection')
  let pongs = 0
  socket.addEventListener('message', ({ data }) => {
    if (Buffer.from(data as ArrayBuffer).includes('PONG')) pongs++
  })
  socket.send(`CONNECT ${JSON.stringify({ verbose: false, auth_token: token })}\r\n`)
  const client = {
    /** False when it was sent away. */
    async answers() {
      const before = pongs
      if (socket.readyState === WebSocket.OPEN) socket.send('PING\r\n')
      await until(() => pongs > before || socket.readyState === WebSocket.CLOSED, 'an answer, or the end')
      return pongs > before
    },
    async [Symbol.asyncDispose]() {
      socket.close()
      await until(() => socket.readyState === WebSocket.CLOSED, 'the end')
    },
  }
  assert.equal(await client.answers(), true)
  return client
}

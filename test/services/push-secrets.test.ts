/** Whatever relays and push services answer, and if it is what they were sent: the log has nothing of it that is secret. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { createLogger } from '#ops'
import { login, registerAndLogin } from '../helpers/account.ts'
import { startTestServer } from '../helpers/server.ts'
import { until } from '../helpers/wait.ts'
import { webPushSubscription } from '../vault/every-route/everything.ts'

const INSTALLATION = { installationId: '8a5ad1a9-cf1c-4a7b-9ba5-2f6ad1bb2d63', installationKey: 'wq2Hn6zYcV8sTf4uXe1K' }
const TOKEN = randomBytes(40).toString('base64url')

/** An identity server and relay that repeat what they were sent, with the status that they are to answer. */
async function startParrot() {
  const statuses = { '/connect/token': 200, '/push/register': 200, '/push/send': 200 } as Record<string, number>
  const server = createServer(async (request, response) => {
    const chunks = await request.toArray()
    const status = statuses[request.url ?? ''] ?? 200
    const said = `${Buffer.concat(chunks)} ${request.headers.authorization}`
    const token = { access_token: TOKEN, expires_in: 3600, token_type: 'Bearer' }
    const failure = { error: 'invalid_client', error_description: said, message: said, object: 'error' }
    response.writeHead(status, said.replaceAll(/[^\x20-\x7e]/g, ''), { 'content-type': 'application/json' })
    response.end(JSON.stringify(status === 200 ? token : failure))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    statuses,
    settings: { enabled: true, ...INSTALLATION, relayUri: url, identityUri: url },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** What is logged, as it is written. */
function log() {
  const lines: string[] = []
  return {
    logger: createLogger({ level: 'trace', destination: { write: (line) => void lines.push(line) } }),
    has: (event: string) =>
      until(() => lines.some((line) => line.includes(event)), `"${event}" in ${lines.join('\n')}`),
    assertWithout(secrets: readonly string[]) {
      const found = lines.filter((line) => secrets.some((secret) => line.includes(secret)))
      assert.deepEqual(found, [])
    },
  }
}

test('neither the key of the installation nor tokens of phones and browsers stand in the log', async () => {
  const { logger, has, assertWithout } = log()
  await using parrot = await startParrot()
  await using server = await startTestServer({ push: parrot.settings }, logger)
  const desktop = await registerAndLogin({ server: server.webUrl, deviceType: 6 })
  const loginAs = (deviceType: number) => login({ server: server.webUrl, email: desktop.email, deviceType })
  const [phone, browser] = [await loginAs(0), await loginAs(2)]
  const subscription = { ...webPushSubscription(), endpoint: `https://push.invalid/${randomBytes(20).toString('hex')}` }
  const pushTokens: string[] = []
  const giveToken = async () => {
    const pushToken = randomBytes(32).toString('hex')
    pushTokens.push(pushToken)
    const path = `/api/devices/identifier/${phone.deviceId}/token`
    assert.equal((await phone.put(path, { pushToken })).status, 200)
  }
  const change = () => desktop.post('/api/folders', { name: desktop.encrypt('folder') })

  parrot.statuses['/push/register'] = 500
  await giveToken()
  await has('push relay does not take registrations of phones')
  parrot.statuses['/push/register'] = 400
  await has('push relay refuses a phone')
  parrot.statuses['/push/register'] = 200
  await giveToken()
  await has('phone registered')

  const path = `/api/devices/identifier/${browser.deviceId}/web-push-auth`
  assert.equal((await browser.post(path, subscription)).status, 200)
  parrot.statuses['/push/send'] = 500
  await change()
  await has('"destination":"https://push.invalid"')
  await has('"destination":"relay"')
  parrot.statuses['/push/send'] = 400
  await has('push refused, and not told')
  parrot.statuses['/push/send'] = 401
  parrot.statuses['/connect/token'] = 400
  await change()
  await has('identity server refuses a token')

  assertWithout([INSTALLATION.installationKey, TOKEN, ...pushTokens])
  assertWithout([subscription.p256dh, subscription.auth, new URL(subscription.endpoint).pathname.slice(1)])
})

import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { HubClient } from '../doors/hub/hub-client.ts'
import { registerAndLogin } from '../helpers/account.ts'
import { freePort } from '../helpers/processes.ts'
import { until } from '../helpers/wait.ts'
import { parseExposition } from '../ops/metrics/exposition.ts'
import { testPage } from './test-page.ts'

const TOKEN = '5d0a9c40d3b1d2ab2c2cf4a0c1a5b9e7'

testPage(
  'docs/observability.md',
  async (page) => {
    const [web, metrics, nats] = [await freePort(), await freePort(), await freePort()]
    page.place.replace('localhost:9464', `127.0.0.1:${metrics}`)
    Object.assign(page.place.env, {
      DATA_FOLDER: page.place.folder.join('data'),
      ROCKET_PORT: String(web),
      BELFRY_NATS_PORT: String(nats),
      BELFRY_HTTPS: 'false',
      BELFRY_WEB_PUSH: 'false',
      BELFRY_METRICS_LISTEN: String(metrics),
      BELFRY_METRICS_TOKEN: TOKEN,
    })
    await page.place.start('belfry 2> belfry.log', /is ready/)
    const { stdout: levels } = await page.run('belfry log-level')
    assert.match(levels, /info\nhub: debug\nweb: debug\n$/)

    const server = `http://127.0.0.1:${web}`
    const device = await registerAndLogin({ server })
    const hub = `ws://127.0.0.1:${web}/notifications/hub`
    const clients = [await HubClient.start(hub, device.accessToken), await HubClient.start(hub, device.accessToken)]
    const made = await device.post('/api/folders', { name: device.encrypt('F') })
    const changed = await device.put(`/api/folders/${made.json.id}`, { name: device.encrypt('G') })
    const requestId = changed.headers.get('x-request-id')!
    page.place.replace('9f3c21ab-00001z', requestId)
    await until(
      async () => (await readFile(page.place.folder.join('belfry.log'), 'utf8')).includes('"method":"PUT"'),
      'the line of the request',
    )

    const lines = (stdout: string) =>
      stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line))
    const requests = lines((await page.run('.event == "request"')).stdout)
    assert.deepEqual(requests, [{ requestId, userId: device.userId, deviceId: device.deviceId, status: 200 }])
    const shown = page.block('"hub clients told"')
    assert.deepEqual(lines((await page.run('.requestId ==')).stdout), lines(shown))
    for (const client of clients) await client.close()
    const connections = lines((await page.run('.connection != null')).stdout)
    assert.equal(connections.filter(({ event }) => event === 'hub connection opened').length, 2)

    const { stdout } = await page.run('curl -s -H')
    assert.equal(parseExposition(stdout).get('belfry_database_up')?.series.get('belfry_database_up'), 1)
  },
  ['curl', 'jq'],
)

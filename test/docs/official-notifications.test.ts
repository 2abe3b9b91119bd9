import assert from 'node:assert/strict'
import { parse } from 'yaml'
import { HubDevice } from '../conformance/devices.ts'
import { unknownVariables } from '../docker/settings.ts'
import { Provider } from '../relay/identity/provider.ts'
import { testPage } from './test-page.ts'

const ALICE = '11111111-1111-4111-8111-11111111111a'

testPage(
  'docs/official-notifications.md',
  async (page) => {
    await page.notHere('docker build')
    await page.lineNotHere('./bitwarden.sh restart')
    await page.lineNotHere('docker logs')

    const { services } = parse(page.block('services:'), { logLevel: 'error' })
    const { environment } = services.notifications
    assert.deepEqual(unknownVariables(environment), [])
    // The container's network is this machine here; `identity` is a stand-in that signs as the real one does.
    await using provider = await Provider.start()
    const { web, https, nats } = await page.freePorts()
    const server = await page.place.start('belfry', /Stop with Ctrl-C/, {
      ...environment,
      ROCKET_ADDRESS: '127.0.0.1',
      ROCKET_PORT: String(web),
      BELFRY_HTTPS: `127.0.0.1:${https}`,
      BELFRY_NATS_PORT: String(nats),
      globalSettings__baseServiceUri__internalIdentity: provider.authority,
    })
    // What nginx makes of it: it takes the prefix off.
    page.place.replace('https://vault.example.com/notifications', `http://127.0.0.1:${web}`)
    await page.runLine('curl -f')

    const token = await provider.token({
      ...{ sub: ALICE, scope: ['api', 'offline_access'], amr: ['Application'] },
      ...{ client_id: 'web', device: 'device-1', devicetype: 'FirefoxBrowser' },
    })
    await using device = await HubDevice.connect(`http://127.0.0.1:${web}`, token)
    const said = await fetch(`http://127.0.0.1:${web}/send`, {
      method: 'POST',
      headers: {
        Authorization: `Bearer ${await provider.token({ sub: 'Api', scope: ['internal'], client_id: 'internal.Api' })}`,
        'Content-Type': 'application/json',
      },
      body: JSON.stringify({ type: 5, payload: { userId: ALICE, date: '2024-01-02T03:04:05Z' }, contextId: null }),
    })
    assert.equal(said.status, 200, server.output)
    assert.equal((await device.next()).Type, 5)
  },
  ['curl'],
)

import assert from 'node:assert/strict'
import { freePort } from '../helpers/processes.ts'
import { until } from '../helpers/wait.ts'
import { testPage } from './test-page.ts'

testPage(
  'docs/monitoring.md',
  async (page) => {
    const nats = await freePort()
    const port = await freePort()
    page.place.replace(/(?<=localhost:|-m )8222/, String(port))
    page.place.replace('nats-server -m', `nats-server -p ${nats} -m`)
    await page.start('belfry nats-server -m 8222', /Server is ready/)
    page.place.env.NATS_URL = `127.0.0.1:${nats}`
    const subscriber = page.use(await page.place.start('nats sub orders.new', /^/))

    // Which one is 17, and who is ada, only the reader knows.
    page.place.replace('cid=17', 'cid=1')
    const answer = async (words: string) => JSON.parse((await page.runLine(words)).stdout)
    await until(async () => (await answer('test=orders.new')).subscriptions_list?.length === 1, 'the subscription')
    for (const words of ['sort=pending', 'subs=detail'])
      assert.equal((await answer(words)).connections.length, 1, words)
    assert.equal((await answer('cid=17')).connections[0].subscriptions_list_detail[0].subject, 'orders.new')
    assert.equal((await answer('acc=APP')).connections.length, 0)
    assert.equal((await answer('user=ada')).connections.length, 0)
    assert.deepEqual(await answer('limit=100000'), { nats: 1 })
    assert.deepEqual(await answer('/healthz'), { status: 'ok' })
    await subscriber.stop()
    const left = await until(async () => {
      const { connections } = await answer('state=closed')
      return connections.length === 1 && connections
    }, 'the subscriber to be gone')
    assert.equal(left[0].reason, 'Client Closed')

    await page.notHere('nats-top')

    const watched = await freePort()
    const user = 'WATCH { users: [ { user: watch, password: secret } ] }'
    await page.place.file('system.conf', `listen: "127.0.0.1:${watched}", accounts { ${user} }, system_account: WATCH`)
    await page.place.start('belfry nats-server -c system.conf', /Server is ready/)
    page.place.replace('--password …', `--password secret -s 127.0.0.1:${watched}`)
    const list = JSON.parse((await page.runLine('server list')).stdout)
    assert.ok(list.server.id.length > 0)
    const report = async (words: string) => JSON.parse((await page.runLine(words)).stdout).data
    assert.equal((await report('report connections')).connections.length, 1)
    assert.ok((await report('report accounts')).accounts.includes('WATCH'))
  },
  ['curl', 'jq'],
)

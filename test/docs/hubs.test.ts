import assert from 'node:assert/strict'
import { connectionTo, WAYS } from '../conformance/ways.ts'
import { until } from '../helpers/wait.ts'
import { testPage } from './test-page.ts'

testPage(
  'docs/hubs.md',
  async (page) => {
    const { web } = await page.freePorts()
    await page.place.file('belfry.conf', page.block('# belfry.conf'))
    await page.start('bin/belfry -c belfry.conf', /Stop with Ctrl-C/)

    const { stdout: token } = await page.run('hub-token chat -c belfry.conf --user bob')
    // What the page in the browser does.
    const connection = connectionTo(`http://127.0.0.1:${web}/hubs/chat`, WAYS[0]![1], token.trim()).build()
    const heard: string[] = []
    connection.on('newMessage', (from, text) => heard.push(`${from}: ${text}`))
    await connection.start()
    try {
      await page.run('nats pub hub.chat.user.bob')
      await until(() => heard.length === 2, 'what bob and his team are told')
      assert.deepEqual(heard.toSorted(), ['curl: hello team', 'nats: hello bob'])
      const { stdout } = await page.run('nats request')
      assert.deepEqual(JSON.parse(stdout), { connections: 1 })
    } finally {
      await connection.stop()
    }

    page.place.replace('hub-token chat --publisher', 'hub-token chat -c belfry.conf --publisher')
    const { stdout: publisher } = await page.run('belfry admin hub-token chat --publisher')
    const said = await fetch(`http://127.0.0.1:${web}/hubs/chat/all`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${publisher.trim()}` },
      body: page.block('{ "target": "newMessage"'),
    })
    assert.equal(said.status, 202)
  },
  ['curl'],
)

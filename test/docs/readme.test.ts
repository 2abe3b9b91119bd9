import assert from 'node:assert/strict'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { freePort } from '../helpers/processes.ts'
import { until } from '../helpers/wait.ts'
import { ROOT } from './page.ts'
import { type PageTest, testPage } from './test-page.ts'

const CLIENT = path.join(ROOT, 'test/conformance/node_modules/@nats-io/nats-core/lib/mod.js')

testPage('README.md', async (page) => {
  await twoDevices(page)
  await pushWithNats(page)
})

async function twoDevices(page: PageTest): Promise<void> {
  const { place } = page
  await page.freePorts()
  // The checkout is this one, and its data lies with the test.
  place.replace(/^npm start/, `npm --prefix ${ROOT} --silent start`)
  place.env.DATA_FOLDER = place.folder.join('data')
  const server = await page.startLine('npm start', /Stop with Ctrl-C/)
  const labels = (text: string) => [...text.matchAll(/^ {2}([A-Z][\w ]*\w) {2,}/gm)].map(([, label]) => label)
  assert.deepEqual(labels(server.stdout), labels(page.block('Belfry 0.1.0 is ready')))
  await page.lineNotHere('npm test')

  await page.runLine(['export BELFRY_PASSWORD', 'account create'])
  const watching = await page.startLine(['export BELFRY_PASSWORD', 'bin/belfry watch'], /watching alice@example\.com/)
  // What npx would fetch is there already.
  place.replace('npx --yes @bitwarden/cli', path.join(import.meta.dirname, 'programs/bw'))
  await page.run("alias bw='npx", { deadlineMs: 120_000 })
  const [line] = await watching.saying(/^.*SyncFolderCreate.*$/m)
  const shape = (text: string) => text.replaceAll(/[\da-f]{4,8}…|[\da-f-]{36}/g, 'ID').replaceAll(/\d/g, '0')
  assert.equal(shape(line), shape(page.block('SyncFolderCreate')))

  const [, local = ''] = await server.saying(/Bitwarden server +(https:\S+)/)
  place.replace('doctor https://vault.example.com', `doctor ${local} --idle 0 --ca data/tls/ca.pem`)
  await page.run('belfry doctor https')
  await page.run('bin/belfry admin backup')
  assert.match((await place.run('ls')).stdout, /^belfry-backup-\S+\.tar\.gz$/m)
  await server.stop()
}

async function pushWithNats(page: PageTest): Promise<void> {
  const { place } = page
  const port = await freePort()
  place.replace('127.0.0.1:9222', `127.0.0.1:${port}`)
  await page.start("echo 'websocket {", /Stop with Ctrl-C/)
  const example = page.block('wsconnect').replace('@nats-io/nats-core', pathToFileURL(CLIENT).href)
  await place.file('page.mjs', `${example}`)
  const listening = await place.start('node page.mjs', /^/)
  await until(async () => {
    await place.run('nats pub orders.new hello')
    return listening.stdout.includes('orders.new hello\n')
  }, 'the page to hear what is published')

  await place.file('nats.conf', `listen: "127.0.0.1:${await freePort()}"`)
  await page.start('bin/belfry nats-server -c nats.conf', /Server is ready/)
}

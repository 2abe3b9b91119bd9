import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { serveCommand } from '../../src/commands/serve.ts'
import { TestAuthority } from '../helpers/certificates.ts'
import { freePort } from '../helpers/processes.ts'
import { testPage } from './test-page.ts'

testPage('docs/configuration.md', async (page) => {
  const { place } = page
  const { web } = await page.freePorts()
  const { certFile, keyFile } = await (await TestAuthority.create(place.folder)).issue()
  const example = page.block('data_folder: "/var/lib/belfry"')
  place.replace('/var/lib/belfry', place.folder.join('vault'))
  place.replace('"cert.pem"', JSON.stringify(certFile))
  place.replace('"key.pem"', JSON.stringify(keyFile))
  place.replace('8080', String(await freePort()))
  place.replace('web { port: 8000 }', `web { port: ${web} }`)
  await place.file('belfry.conf', example)
  place.replace('belfry -c FILE', 'belfry check -c belfry.conf')
  await page.run('belfry -c FILE')
  assert.match((await page.run('belfry --help')).stdout, /nats-server .*\n/)
  await page.start('belfry -c belfry.conf', /Stop with Ctrl-C/)
  assert.equal((await fetch(`http://127.0.0.1:${web}/alive`)).status, 200)
  assert.ok((await readFile(place.folder.join('vault/rsa_key.pem'), 'utf8')).includes('PRIVATE KEY'))

  // The options that the page has of the server itself are those that there are.
  const said = /## Command line\n(.*?)\n## /s.exec(page.page.source)![1]!
  const options = serveCommand('').options.map(({ short }) => short)
  assert.deepEqual(
    [...said.matchAll(/`(?:belfry )?(-\w) [A-Z]+`/g)].map(([, option]) => option),
    options,
  )
})

import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { FLAG_KINDS } from '../../src/commands/nats-server/flags.ts'
import { freePort } from '../helpers/processes.ts'
import { until } from '../helpers/wait.ts'
import { readPage } from './page.ts'
import { testPage } from './test-page.ts'

testPage('docs/nats-server.md', async (page) => {
  const { place } = page
  const [nats, monitoring, other] = [await freePort(), await freePort(), await freePort()]
  place.replace('-p 4222 -m 8222', `-p ${nats} -m ${monitoring}`)
  await page.startLine('-DV', /\[INF\] Server is ready/)
  assert.equal((await fetch(`http://127.0.0.1:${monitoring}/healthz`)).status, 200)

  const users = 'authorization { users: [ { user: ada, password: secret, permissions: { publish: "a.>" } } ] }'
  const file = await place.file('nats.conf', `listen: "127.0.0.1:${other}", pid_file: "nats.pid", ${users}`)
  const server = await page.startLine('nats-server -c nats.conf', /\[INF\] Server is ready/)
  await place.file('nats.conf', `${await readFile(file, 'utf8')}\nmax_payload: 2MB\n`)
  await page.runLine('--signal reload')
  await server.saying(/Reloaded: .*2097152/)
  await page.runLine('belfry nats-server -t -c nats.conf')
  await page.console('$ belfry nats-server -t -c nats.conf'.slice(2), { mask: withoutDigest })

  const { stdout } = await page.run('belfry check -c nats.conf')
  assert.match(stdout, /^belfry: configuration file nats\.conf is valid/)
  place.replace('permissions USER', 'permissions ada')
  assert.match((await page.run('permissions USER')).stdout, /publish {4}a\.>/)

  await place.run('mkdir -p ~/bin; rm -f ~/bin/nats-server')
  place.env.PATH = `${place.folder.join('bin')}:${place.env.PATH}`
  assert.match((await page.run('ln -s')).stdout, /^nats-server: v\d+\.\d+\.\d+/)
  // The script that stands in the place of a link.
  await place.run(`cat > launcher <<'END'\n${page.block('exec belfry nats-server')}\nEND\nchmod +x launcher`)
  page.place.replace('exec belfry nats-server "$@"', './launcher -v')
  assert.match((await page.run('exec belfry nats-server')).stdout, /^nats-server: v/)
  await until(() => server.output.includes('Server is ready'), 'the server to be there still')
})

const withoutDigest = (text: string) => text.replace(/sha256:[0-9a-f]{64}/, 'sha256:…')

test('docs/nats-server.md has every flag of nats-server, and no other', () => {
  const section = /## The command line\n(.*?)\n## /s.exec(readPage('docs/nats-server.md').source)![1]!
  const table = section.slice(section.indexOf('| flag |'))
  const flags = [...table.matchAll(/`([^`]+)`/g)].flatMap(([, code = '']) =>
    [...code.matchAll(/(?:^|\s)--?([a-zA-Z][\w-]*)/g)].map(([, name]) => name),
  )
  assert.deepEqual(new Set(flags), new Set(FLAG_KINDS.keys()))
})

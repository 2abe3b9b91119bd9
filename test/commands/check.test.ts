import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import { runProgram } from '../helpers/processes.ts'
import { temporaryFolder } from '../helpers/temp.ts'
import { NatsServerRun } from './nats-server-world.ts'

const BELFRY = path.resolve(import.meta.dirname, '../../bin/belfry')

/** What `belfry check` says in a folder of its own, with this configuration file if there is one. */
async function check(config?: string) {
  await using folder = await temporaryFolder()
  if (config !== undefined) await writeFile(folder.join('nats.conf'), config)
  const args = ['check', ...(config === undefined ? [] : ['-c', 'nats.conf'])]
  const belfry = await runProgram({ command: BELFRY, args, cwd: folder.path })
  const natsServer = new NatsServerRun(['-t', '-c', 'nats.conf'], { cwd: folder.path })
  await natsServer.exitCode
  return { ...belfry, natsServer: natsServer.stderr.replaceAll('nats-server: ', 'belfry: ') }
}

test('a file that is right is told apart by the same digest as with nats-server -t', async () => {
  const { code, stdout, stderr, natsServer } = await check('port: 4222\nwebsocket { port: 8080, no_tls: true }\n')
  assert.equal(code, 0, stderr)
  assert.match(stdout, /^belfry: configuration file nats\.conf is valid \(sha256:[\da-f]{64}\)\n$/)
  assert.equal(stdout, natsServer)
})

test('a file that is wrong is told in the same words as with nats-server -t', async () => {
  const { code, stdout, stderr, natsServer } = await check('port: abc\nwebsocket { port: 1, foo: 2 }\n')
  assert.equal(code, 1)
  assert.equal(stdout, '')
  assert.equal(stderr.replaceAll('\nbelfry: ', '\n'), natsServer)
})

test('how settings go together is checked too, which nats-server -t does not do', async () => {
  const { code, stderr, natsServer } = await check('websocket { port: 8080 }\n')
  assert.equal(code, 1)
  assert.match(stderr, /^belfry: websocket requires TLS configuration$/m)
  assert.match(natsServer, /is valid/)
})

test('certificates are loaded', async () => {
  const { code, stderr } = await check('tls { cert_file: none.pem, key_file: none.pem }\n')
  assert.equal(code, 1)
  assert.match(
    stderr,
    /^belfry: error parsing X509 certificate\/key pair: open \S+none\.pem: no such file or directory\n$/,
  )
})

test('so are the certificate of the web listener and the keys of relayed servers', async () => {
  const web = await check('web { tls { cert_file: none.pem, key_file: none.pem } }\n')
  assert.equal(web.code, 1)
  assert.match(web.stderr, /^belfry: Cannot read "\S+none\.pem": ENOENT/)
  const id = '8a5ad1a9-cf1c-4a7b-9ba5-2f6ad1bb2d63'
  const installation = `{ id: "${id}", key: "a-key", issuer: "https://vault.example.com|login", public_key: "none.pem" }`
  const relay = await check(`relay { installations: [ ${installation} ] }\n`)
  assert.equal(relay.code, 1)
  assert.match(
    relay.stderr,
    new RegExp(`^belfry: relay: installation ${id}: Cannot read the key file "\\S+none\\.pem": ENOENT`),
  )
})

test('so is the key of Web Push, where there is one already', async () => {
  const missing = await check('push { vapid_key: "nats.pem" }\n')
  assert.equal(missing.code, 0, missing.stderr)
  // The file itself is no key.
  const wrong = await check('push { vapid_key: "nats.conf" }\n')
  assert.equal(wrong.code, 1)
  assert.match(
    wrong.stderr,
    /^belfry: Cannot use the key in "\S+nats\.conf": it is not an unencrypted PEM private key\n$/,
  )
  const switchedOff = await check('push { vapid_key: "nats.conf", web: false }\n')
  assert.equal(switchedOff.code, 0, switchedOff.stderr)
})

test('without a file the other settings are checked', async () => {
  const { code, stdout } = await check()
  assert.deepEqual([code, stdout], [0, 'belfry: settings are valid\n'])
})

/** docker/Dockerfile, as far as it can be known without building it. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { freePort, runProgram } from '../helpers/processes.ts'
import { startTestServer } from '../helpers/server.ts'
import { readDockerfile } from './dockerfile.ts'
import { unknownVariables } from './settings.ts'

const root = path.join(import.meta.dirname, '../..')
const dockerfile = readFileSync(path.join(root, 'docker/Dockerfile'), 'utf8')
const ignored = readFileSync(path.join(root, 'docker/Dockerfile.dockerignore'), 'utf8').split('\n')
const packageJson = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'))

const healthcheck = (env: Record<string, string>) =>
  runProgram({ command: process.execPath, args: [path.join(root, 'docker/healthcheck.mjs')], env })

test('it is made of files that there are, and gets no others', () => {
  assert.equal(ignored.filter((line) => line !== '' && !line.startsWith('#'))[0], '*')
  const admitted = ignored.filter((line) => line.startsWith('!')).map((line) => line.slice(1))
  for (const file of admitted) assert.ok(existsSync(path.join(root, file)), file)
  // What the package is made of, by its own account, and what npm adds by itself.
  const needed = [
    ...packageJson.files,
    'package.json',
    'package-lock.json',
    'README.md',
    'LICENSE',
    'src',
    'scripts',
    'web',
  ]
  for (const file of needed) assert.ok(file === 'dist' || admitted.includes(file), file)
})

test('it brings the Node that Belfry needs, and runs as nobody of weight', () => {
  const [, least] = /^>=(\d+)$/.exec(packageJson.engines.node) ?? []
  const images = [...dockerfile.matchAll(/^FROM node:(\d+)-slim/gm)].map(([, version]) => version)
  assert.deepEqual(images, [least, least])
  assert.equal(readDockerfile().user, 'node')
})

test('its settings are known', () => {
  assert.deepEqual(unknownVariables(readDockerfile().environment), [])
})

test('the health check asks the server as its settings have it', async () => {
  await using server = await startTestServer({ vault: { domain: 'https://example.com/vault' } })
  const [ROCKET_ADDRESS = '', ROCKET_PORT = ''] = new URL(server.webUrl).host.split(':')
  const env = { ROCKET_ADDRESS, ROCKET_PORT, DOMAIN: 'https://example.com/vault/' }
  assert.equal((await healthcheck(env)).code, 0)
  assert.equal((await healthcheck({ ...env, ROCKET_ADDRESS: '0.0.0.0' })).code, 0)
  // Nothing is served outside of the path of DOMAIN.
  assert.equal((await healthcheck({ ...env, DOMAIN: 'https://example.com' })).code, 1)
  assert.equal((await healthcheck({ ...env, ROCKET_PORT: String(await freePort()) })).code, 1)
})

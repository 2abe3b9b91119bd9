/** docker/Dockerfile, as far as it can be known without building it. What it builds: built-image.test.ts */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { loadOptions } from '#config'
import { IgnoreRules } from './context.ts'
import { ownStages, readDockerfile } from './dockerfile.ts'
import { unknownVariables } from './settings.ts'

const root = path.join(import.meta.dirname, '../..')
const ignored = readFileSync(path.join(root, 'docker/Dockerfile.dockerignore'), 'utf8')
const packageJson = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'))
const image = readDockerfile()

test('of the checkout it gets what it is made of, and no data, secrets or history', () => {
  const rules = new IgnoreRules(ignored)
  const lines = ignored.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  assert.equal(lines[0], '*')
  for (const line of lines.slice(1)) assert.ok(existsSync(path.join(root, line.replace('!', ''))), line)
  // What the package is made of, by its own account, and what npm adds by itself.
  const needed = [
    'package.json',
    'package-lock.json',
    'README.md',
    'LICENSE',
    'src/main.ts',
    'scripts/setup',
    'web/src',
  ]
  const files = [...packageJson.files, ...needed].filter((file) => file !== 'dist')
  for (const file of files) assert.ok(rules.admits(file), file)
  for (const file of [
    'data/db.sqlite3',
    '.git/config',
    '.env',
    'node_modules/pg',
    'web/node_modules/svelte',
    'test/x',
  ]) {
    assert.ok(!rules.admits(file), file)
  }
})

test('what .dockerignore says is read as Docker reads it', () => {
  const rules = new IgnoreRules('# a comment\n*.log\n/temp*\n**/secret\n!temp-kept\nfolder\n!folder/inner/*.txt\n')
  const admitted = ['a/b.log', 'sub/temp', 'temp-kept', 'temp-kept/x', 'folder/inner/a.txt', 'a.txt']
  for (const file of admitted) assert.ok(rules.admits(file), file)
  const refused = ['b.log', 'temp', 'temporary/x', 'secret', 'a/b/secret/c', 'folder/x', 'folder/inner/a.md']
  for (const file of refused) assert.ok(!rules.admits(file), file)
  assert.ok(rules.entersFolder('folder'))
  assert.ok(!rules.entersFolder('temp'))
})

test('it brings the Node that Belfry needs, and of that image nothing else', () => {
  const [, least] = /^>=(\d+)$/.exec(packageJson.engines.node) ?? []
  const bases = ownStages().map(({ base }) => base)
  assert.deepEqual(bases.slice(0, 2), [`node:${least}-slim`, `node:${least}-slim`])
  const copied = ownStages()
    .at(-1)!
    .instructions.filter(({ name, text }) => name === 'COPY' && text.includes('--from=node'))
  assert.deepEqual(
    copied.map(({ text }) => text.split(' ')[1]),
    ['/usr/local/bin/node', '/usr/local/LICENSE'],
  )
})

test('it runs as nobody of weight, by a number, so that Kubernetes sees it', () => {
  assert.match(image.user, /^[1-9]\d+:[1-9]\d+$/)
})

test('its settings are known, and are those of Vaultwarden’s image', () => {
  assert.deepEqual(unknownVariables(image.environment), [])
  const { options, warnings } = loadOptions({ cwd: image.workingFolder, env: { ...image.environment } })
  assert.deepEqual(warnings, [])
  assert.deepEqual([options.web.host, options.web.port, options.web.https], ['0.0.0.0', 80, undefined])
  assert.equal(options.vault.dataFolder, '/data')
  // As in the .env that comes with Vaultwarden, where the folder is named so.
  const relative = loadOptions({ cwd: image.workingFolder, env: { ...image.environment, DATA_FOLDER: 'data' } })
  assert.equal(relative.options.vault.dataFolder, '/data')
})

test('its labels tell what it is', () => {
  const { labels } = image
  const of = (name: string) => labels[`org.opencontainers.image.${name}`]
  assert.equal(of('version'), packageJson.version)
  assert.equal(of('description'), packageJson.description)
  assert.equal(of('licenses'), packageJson.license)
  assert.equal(of('base.name'), ownStages().at(-1)!.base)
})

test('it is started as on a machine, but for a shell', () => {
  const flags = (file: string) => readFileSync(path.join(root, file), 'utf8').match(/--max-\S+/g)
  assert.deepEqual(flags('docker/belfry'), flags('bin/belfry'))
})

/** `scripts/setup` with an npm that only writes down what it was asked for. */
import assert from 'node:assert/strict'
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { runProgram } from './helpers/processes.ts'
import { temporaryFolder } from './helpers/temp.ts'

/** As the real one does, `ci` begins with an empty node_modules. */
const NPM = `#!/bin/sh
for argument; do case $argument in --no-fund | --no-audit | --loglevel=*) ;; *) asked="$asked $argument" ;; esac; done
echo "$(basename "$PWD"):$asked" >>"$NPM_CALLS"
case $asked in
  *' ci'*) rm -rf node_modules; mkdir -p node_modules/.bin ;;
  *belfry-node*) ln -s /bin/true node_modules/.bin/node ;;
esac
case $asked in *' ci') mkdir -p node_modules/typescript ;; esac
[ -z "$NPM_FAILS" ] || { echo 'npm error network is down'; exit 1; }
sleep "\${NPM_TAKES:-0}"
`
const TOOLS = 'awk basename cat cmp cp dirname grep ln mkdir paste readlink rm sed sh sleep tr'.split(' ')

async function checkout(systemNode: 'v20.20.2' | 'v24.21.0') {
  const folder = await temporaryFolder()
  const home = folder.join('checkout')
  mkdirSync(path.join(home, 'scripts'), { recursive: true })
  mkdirSync(path.join(home, 'test/conformance'), { recursive: true })
  mkdirSync(path.join(home, 'web'))
  mkdirSync(folder.join('bin'))
  cpSync(path.join(import.meta.dirname, '../scripts/setup'), path.join(home, 'scripts/setup'))
  cpSync(path.join(import.meta.dirname, '../package.json'), path.join(home, 'package.json'))
  for (const name of ['.', 'test/conformance', 'web']) writeFileSync(path.join(home, name, 'package-lock.json'), '{}')
  for (const name of TOOLS)
    symlinkSync(existsSync(`/bin/${name}`) ? `/bin/${name}` : `/usr/bin/${name}`, folder.join('bin', name))
  for (const [name, text] of [
    ['npm', NPM],
    ['node', `#!/bin/sh\necho ${systemNode}\n`],
  ] as const) {
    writeFileSync(folder.join('bin', name), text)
    chmodSync(folder.join('bin', name), 0o755)
  }

  const calls = folder.join('calls')
  const env = { PATH: folder.join('bin'), NPM_CALLS: calls, NPM_FAILS: '', NPM_TAKES: '0' }
  return {
    file: (name: string) => path.join(home, name),
    run: (mode: string, more: Record<string, string> = {}) =>
      runProgram({ command: '/bin/sh', args: ['scripts/setup', mode], cwd: home, env: { ...env, ...more } }),
    /** What npm was asked for since the last time. */
    calls() {
      const lines = existsSync(calls) ? readFileSync(calls, 'utf8').trim().split('\n') : []
      rmSync(calls, { force: true })
      return lines
    },
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  }
}

const nodeVersion = JSON.parse(readFileSync(path.join(import.meta.dirname, '../package.json'), 'utf8')).devDependencies
  .node
const ADD_NODE = `checkout: install --no-save --omit=dev --no-package-lock belfry-node@npm:node@${nodeVersion}`

test('starting installs what running needs, once, and says so in one line', async () => {
  await using setup = await checkout('v24.21.0')
  const { code, stdout, stderr } = await setup.run('start')
  assert.equal(code, 0, stderr)
  assert.equal(stdout, '')
  assert.match(stderr, /^Belfry: installing .*\n$/)
  assert.deepEqual(setup.calls(), ['checkout: ci --omit=dev'])

  const again = await setup.run('start')
  assert.deepEqual([again.code, again.stdout, again.stderr], [0, '', ''])
  assert.deepEqual(setup.calls(), [])
})

test('where the system’s Node is old, starting installs the right one, and nothing else of the tools', async () => {
  await using setup = await checkout('v20.20.2')
  assert.equal((await setup.run('start')).code, 0)
  assert.deepEqual(setup.calls(), ['checkout: ci --omit=dev', ADD_NODE])
  await setup.run('start')
  assert.deepEqual(setup.calls(), [])
})

test('testing installs the tools and the real clients, once', async () => {
  await using setup = await checkout('v20.20.2')
  await setup.run('start')
  setup.calls()
  assert.equal((await setup.run('test')).code, 0)
  assert.deepEqual(setup.calls(), ['checkout: ci', 'conformance: ci', 'web: ci'])
  await setup.run('test')
  await setup.run('start')
  assert.deepEqual(setup.calls(), [])
})

test('a changed lock file is installed, and whoever had the tools keeps them', async () => {
  await using setup = await checkout('v20.20.2')
  await setup.run('test')
  setup.calls()
  writeFileSync(setup.file('package-lock.json'), '{"packages":{}}')
  await setup.run('start')
  assert.deepEqual(setup.calls(), ['checkout: ci'])
  writeFileSync(setup.file('test/conformance/package-lock.json'), '{"packages":{}}')
  await setup.run('test')
  assert.deepEqual(setup.calls(), ['conformance: ci'])
})

test('two set-ups at the same time install once', async () => {
  await using setup = await checkout('v24.21.0')
  const both = await Promise.all([setup.run('start', { NPM_TAKES: '0.5' }), setup.run('start', { NPM_TAKES: '0.5' })])
  assert.deepEqual(
    both.map(({ code }) => code),
    [0, 0],
  )
  assert.deepEqual(setup.calls(), ['checkout: ci --omit=dev'])
  assert.ok(!existsSync(setup.file('.setup.lock')))
})

test('the lock of a set-up that was killed is taken over', async () => {
  await using setup = await checkout('v24.21.0')
  symlinkSync('4194305', setup.file('.setup.lock')) // above the largest process id of Linux
  assert.equal((await setup.run('start')).code, 0)
  assert.deepEqual(setup.calls(), ['checkout: ci --omit=dev'])
})

test('a failing npm is heard, and the next start tries again', async () => {
  await using setup = await checkout('v24.21.0')
  const { code, stderr } = await setup.run('start', { NPM_FAILS: 'yes' })
  assert.equal(code, 1)
  assert.match(stderr, /npm error network is down\nCannot install with "npm ci --omit=dev"/)
  setup.calls()
  assert.equal((await setup.run('start')).code, 0)
  assert.deepEqual(setup.calls(), ['checkout: ci --omit=dev'])
})

/** `scripts/setup` with an npm, and a Node to build with, that only write down what they were asked for. */
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
  *belfry-node*) cp "$BROUGHT_NODE" node_modules/.bin/node ;;
esac
case $asked in *' ci') mkdir -p node_modules/typescript node_modules/svelte-check ;; esac
[ -z "$NPM_FAILS" ] || { echo 'npm error network is down'; exit 1; }
sleep "\${NPM_TAKES:-0}"
`
/** Builds what is there of sources. */
const node = (version: string) => `#!/bin/sh
case $1 in
  --version) echo ${version} ;;
  */vite.js)
    shift
    echo "$(basename "$PWD"): ${version} $*" >>"$NPM_CALLS"
    [ -z "$BUILD_FAILS" ] || { echo 'src/main.ts: unexpected token'; exit 1; }
    mkdir -p .dist
    cat src/* >.dist/index.html
    ;;
esac
`
const TOOLS =
  'awk basename cat cksum cmp cp dirname find grep ln mkdir mv paste readlink rm sed sh sleep sort tr'.split(' ')

async function checkout(systemNode: 'v20.20.2' | 'v24.21.0') {
  const folder = await temporaryFolder()
  const home = folder.join('checkout')
  mkdirSync(path.join(home, 'scripts'), { recursive: true })
  mkdirSync(path.join(home, 'test/conformance'), { recursive: true })
  mkdirSync(path.join(home, 'web/src'), { recursive: true })
  writeFileSync(path.join(home, 'web/src/main.ts'), 'first')
  mkdirSync(folder.join('bin'))
  cpSync(path.join(import.meta.dirname, '../scripts/setup'), path.join(home, 'scripts/setup'))
  cpSync(path.join(import.meta.dirname, '../package.json'), path.join(home, 'package.json'))
  for (const name of ['.', 'test/conformance', 'web']) writeFileSync(path.join(home, name, 'package-lock.json'), '{}')
  for (const name of TOOLS)
    symlinkSync(existsSync(`/bin/${name}`) ? `/bin/${name}` : `/usr/bin/${name}`, folder.join('bin', name))
  for (const [name, text] of [
    ['npm', NPM],
    ['node', node(systemNode)],
    ['brought-node', node('v24.21.0')],
  ] as const) {
    writeFileSync(folder.join('bin', name), text)
    chmodSync(folder.join('bin', name), 0o755)
  }

  const calls = folder.join('calls')
  const env = {
    PATH: folder.join('bin'),
    BROUGHT_NODE: folder.join('bin/brought-node'),
    NPM_CALLS: calls,
    NPM_FAILS: '',
    NPM_TAKES: '0',
    BUILD_FAILS: '',
  }
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
/** By the Node that is brought, whatever the system has. */
const BUILD = 'web: v24.21.0 build --outDir .dist --emptyOutDir --logLevel warn'
const BUILD_WEB = ['web: ci --omit=dev', BUILD]
const ADD_NODE = `checkout: install --no-save --omit=dev --no-package-lock belfry-node@npm:node@${nodeVersion}`

test('starting installs what running needs and builds the web vault, once, and says so in a line for each', async () => {
  await using setup = await checkout('v24.21.0')
  const { code, stdout, stderr } = await setup.run('start')
  assert.equal(code, 0, stderr)
  assert.equal(stdout, '')
  assert.match(stderr, /^(Belfry: installing .*\n){2}Belfry: building .*\n$/)
  assert.deepEqual(setup.calls(), ['checkout: ci --omit=dev', ...BUILD_WEB])
  assert.equal(readFileSync(setup.file('web/dist/index.html'), 'utf8'), 'first')

  const again = await setup.run('start')
  assert.deepEqual([again.code, again.stdout, again.stderr], [0, '', ''])
  assert.deepEqual(setup.calls(), [])
})

test('where the system’s Node is old, starting installs the right one, and nothing else of the tools', async () => {
  await using setup = await checkout('v20.20.2')
  assert.equal((await setup.run('start')).code, 0)
  assert.deepEqual(setup.calls(), ['checkout: ci --omit=dev', ADD_NODE, ...BUILD_WEB])
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

test('a web vault whose sources have changed is built again, from what is installed', async () => {
  await using setup = await checkout('v24.21.0')
  await setup.run('start')
  setup.calls()
  for (const [name, text] of [
    ['src/main.ts', 'second'],
    ['src/added.ts', 'more'],
  ] as const) {
    writeFileSync(setup.file(`web/${name}`), text)
    await setup.run('start')
    assert.deepEqual(setup.calls(), [BUILD], name)
  }
  assert.equal(readFileSync(setup.file('web/dist/index.html'), 'utf8'), 'moresecond')
  rmSync(setup.file('web/src/added.ts'))
  await setup.run('start')
  assert.deepEqual(setup.calls(), [BUILD])
  rmSync(setup.file('web/dist'), { recursive: true })
  await setup.run('start')
  assert.deepEqual(setup.calls(), [BUILD])
  writeFileSync(setup.file('web/package-lock.json'), '{"packages":{}}')
  await setup.run('start')
  assert.deepEqual(setup.calls(), BUILD_WEB)
  await setup.run('start')
  assert.deepEqual(setup.calls(), [])
})

test('a build that fails is heard, leaves what was built, and is tried again', async () => {
  await using setup = await checkout('v24.21.0')
  await setup.run('start')
  setup.calls()
  writeFileSync(setup.file('web/src/main.ts'), 'broken')
  const { code, stderr } = await setup.run('start', { BUILD_FAILS: 'yes' })
  assert.equal(code, 1)
  assert.match(stderr, /src\/main\.ts: unexpected token\nCannot build the web vault in .*\/web: see above\.\n$/)
  assert.equal(readFileSync(setup.file('web/dist/index.html'), 'utf8'), 'first')
  assert.equal((await setup.run('start')).code, 0)
  assert.deepEqual(setup.calls(), [BUILD, BUILD])
  assert.equal(readFileSync(setup.file('web/dist/index.html'), 'utf8'), 'broken')
})

test('packing has the web vault built, and installs nothing else', async () => {
  await using setup = await checkout('v24.21.0')
  assert.equal((await setup.run('web')).code, 0)
  assert.deepEqual(setup.calls(), BUILD_WEB)
  await setup.run('web')
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

test('two set-ups at the same time install and build once', async () => {
  await using setup = await checkout('v24.21.0')
  const both = await Promise.all([setup.run('start', { NPM_TAKES: '0.5' }), setup.run('start', { NPM_TAKES: '0.5' })])
  assert.deepEqual(
    both.map(({ code }) => code),
    [0, 0],
  )
  assert.deepEqual(setup.calls(), ['checkout: ci --omit=dev', ...BUILD_WEB])
  assert.ok(!existsSync(setup.file('.setup.lock')))
})

test('the lock of a set-up that was killed is taken over', async () => {
  await using setup = await checkout('v24.21.0')
  symlinkSync('4194305', setup.file('.setup.lock')) // above the largest process id of Linux
  assert.equal((await setup.run('start')).code, 0)
  assert.deepEqual(setup.calls(), ['checkout: ci --omit=dev', ...BUILD_WEB])
})

test('a failing npm is heard, and the next start tries again', async () => {
  await using setup = await checkout('v24.21.0')
  const { code, stderr } = await setup.run('start', { NPM_FAILS: 'yes' })
  assert.equal(code, 1)
  assert.match(stderr, /npm error network is down\nCannot install with "npm ci --omit=dev"/)
  setup.calls()
  assert.equal((await setup.run('start')).code, 0)
  assert.deepEqual(setup.calls(), ['checkout: ci --omit=dev', ...BUILD_WEB])
})

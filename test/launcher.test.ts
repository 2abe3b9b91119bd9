import assert from 'node:assert/strict'
import { chmodSync, cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { RunningProgram, runProgram } from './helpers/processes.ts'
import { type TemporaryFolder, temporaryFolder } from './helpers/temp.ts'

const launcher = path.join(import.meta.dirname, '../bin/belfry')
const REPORT = 'console.log(JSON.stringify({ pid: process.pid, args: process.argv.slice(2), main: process.argv[1] }))'

/** A Belfry in `home` that reports how it was started, and a PATH with the shell's tools and nothing else. */
function install(home: string, main: string, report = REPORT) {
  mkdirSync(path.dirname(path.join(home, main)), { recursive: true })
  mkdirSync(path.join(home, 'bin'), { recursive: true })
  writeFileSync(path.join(home, main), report)
  cpSync(launcher, path.join(home, 'bin/belfry'))
}

/** A folder of programs: those that the launcher calls, and a `node`. */
function programs(folder: TemporaryFolder, node: 'none' | 'old' | 'new'): string {
  const bin = folder.join(`programs-${node}`)
  mkdirSync(bin)
  for (const name of ['dirname', 'readlink']) symlinkSync(`/usr/bin/${name}`, path.join(bin, name))
  if (node === 'old') script(path.join(bin, 'node'), 'echo v20.20.2')
  if (node === 'new') symlinkSync(process.execPath, path.join(bin, 'node'))
  return bin
}

function script(file: string, text: string): void {
  writeFileSync(file, `#!/bin/sh\n${text}\n`)
  chmodSync(file, 0o755)
}

function addBundledNode(folder: string): void {
  mkdirSync(path.join(folder, 'node_modules/.bin'), { recursive: true })
  symlinkSync(process.execPath, path.join(folder, 'node_modules/.bin/node'))
}

async function start(command: string, PATH: string, ...args: string[]) {
  await using program = new RunningProgram({ command, args, env: { PATH } })
  const { code } = await program.exited
  assert.equal(code, 0, program.output)
  return { ...JSON.parse(program.stdout), isSameProcess: JSON.parse(program.stdout).pid === program.child.pid }
}

test('the launcher gives its process and its arguments to Node', async () => {
  await using folder = await temporaryFolder()
  install(folder.path, 'src/main.ts')
  const { isSameProcess, args } = await start(folder.join('bin/belfry'), programs(folder, 'new'), '-c', 'a b', '*', '')
  assert.ok(isSameProcess)
  assert.deepEqual(args, ['-c', 'a b', '*', ''])
})

test('a checkout runs its sources, a package what was compiled', async () => {
  await using folder = await temporaryFolder()
  const PATH = programs(folder, 'new')
  install(folder.path, 'dist/main.js')
  assert.equal((await start(folder.join('bin/belfry'), PATH)).main, folder.join('dist/main.js'))
  install(folder.path, 'src/main.ts')
  assert.equal((await start(folder.join('bin/belfry'), PATH)).main, folder.join('src/main.ts'))
})

test('links to the launcher are followed, also relative ones to others', async () => {
  await using folder = await temporaryFolder()
  install(folder.join('lib/node_modules/belfry'), 'dist/main.js')
  mkdirSync(folder.join('bin'))
  symlinkSync('../lib/node_modules/belfry/bin/belfry', folder.join('bin/belfry'))
  symlinkSync(folder.join('bin/belfry'), folder.join('my belfry'))
  const { main } = await start(folder.join('my belfry'), programs(folder, 'new'))
  assert.equal(main, folder.join('lib/node_modules/belfry/dist/main.js'))
})

test('a link called nats-server is that command', async () => {
  await using folder = await temporaryFolder()
  install(folder.path, 'src/main.ts')
  symlinkSync('bin/belfry', folder.join('nats-server'))
  const { args } = await start(folder.join('nats-server'), programs(folder, 'new'), '-c', 'a b')
  assert.deepEqual(args, ['nats-server', '-c', 'a b'])
})

for (const node of ['none', 'old'] as const) {
  test(`where the system’s Node is ${node}, the Node installed with Belfry runs it`, async () => {
    await using folder = await temporaryFolder()
    install(folder.path, 'src/main.ts')
    addBundledNode(folder.path)
    assert.ok((await start(folder.join('bin/belfry'), programs(folder, node))).isSameProcess)
  })

  test(`where the system’s Node is ${node}, the Node installed beside Belfry runs it`, async () => {
    await using folder = await temporaryFolder()
    install(folder.join('node_modules/belfry'), 'dist/main.js')
    addBundledNode(folder.path)
    assert.ok((await start(folder.join('node_modules/belfry/bin/belfry'), programs(folder, node))).isSameProcess)
  })

  test(`where the system’s Node is ${node} and there is no other, one line says so`, async () => {
    await using folder = await temporaryFolder()
    install(folder.path, 'src/main.ts')
    const PATH = programs(folder, node)
    const { code, stdout, stderr } = await runProgram({ command: folder.join('bin/belfry'), env: { PATH } })
    assert.equal(code, 1)
    assert.equal(stdout, '')
    assert.match(stderr, /^Belfry needs Node\.js 24 or newer and found (no Node|v20\.20\.2): install it.*\n$/)
  })
}

test('a signal to the launcher reaches Belfry', async () => {
  await using folder = await temporaryFolder()
  const main =
    'process.on("SIGTERM", () => { console.log("draining"); process.exit(7) }); console.log("up"); setInterval(() => {}, 1000)'
  install(folder.path, 'src/main.ts', main)
  await using program = new RunningProgram({
    command: folder.join('bin/belfry'),
    env: { PATH: programs(folder, 'new') },
  })
  await program.saying(/up/)
  assert.deepEqual(await program.stop(), { code: 7, signal: null })
  assert.match(program.stdout, /draining/)
})

test('a checkout in which nothing is installed yet says how to', async () => {
  await using folder = await temporaryFolder()
  install(folder.path, 'src/main.ts')
  const PATH = programs(folder, 'new')
  mkdirSync(folder.join('scripts'))
  writeFileSync(folder.join('scripts/setup'), '')
  const { code, stderr } = await runProgram({ command: folder.join('bin/belfry'), env: { PATH } })
  assert.equal(code, 1)
  assert.match(stderr, /^Belfry is not set up yet: run "npm start" in \S+ once/)
  mkdirSync(folder.join('node_modules'))
  assert.equal((await start(folder.join('bin/belfry'), PATH)).main, folder.join('src/main.ts'))
})

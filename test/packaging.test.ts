/** The npm package as somebody who installed it has it: compiled, below node_modules, reached through a link. */
import assert from 'node:assert/strict'
import { cpSync, globSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { runProgram } from './helpers/processes.ts'
import { type TemporaryFolder, temporaryFolder } from './helpers/temp.ts'

const root = path.join(import.meta.dirname, '..')
const packageJson = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'))
/** With the Node that runs this test first. */
const env = { PATH: `${path.dirname(process.execPath)}${path.delimiter}${process.env.PATH}` }

let folder: TemporaryFolder
let consumer: string

/** Packs a copy, so that no `dist/` appears in the checkout, and unpacks it where npm would install it. */
before(async () => {
  folder = await temporaryFolder()
  const copy = folder.join('copy')
  const sources = ['bin', 'scripts', 'src', 'package.json', ...globSync('{tsconfig*.json,*.md,LICENSE}', { cwd: root })]
  for (const name of sources) cpSync(path.join(root, name), path.join(copy, name), { recursive: true })
  const webModules = path.join(root, 'web/node_modules')
  cpSync(path.join(root, 'web'), path.join(copy, 'web'), { recursive: true, filter: (source) => source !== webModules })
  for (const modules of ['node_modules', 'web/node_modules']) {
    symlinkSync(path.join(root, modules), path.join(copy, modules))
  }
  await run('npm', ['pack', '--silent', '--offline', '--pack-destination', folder.path], copy)

  consumer = folder.join('consumer')
  const modules = path.join(consumer, 'node_modules')
  mkdirSync(path.join(modules, '.bin'), { recursive: true })
  await run('tar', ['-xzf', folder.join(`belfry-${packageJson.version}.tgz`), '-C', modules], consumer)
  cpSync(path.join(modules, 'package'), path.join(modules, 'belfry'), { recursive: true })
  symlinkSync('../belfry/bin/belfry', path.join(modules, '.bin/belfry'))
  for (const name of [...Object.keys(packageJson.dependencies), '@types/node']) {
    mkdirSync(path.dirname(path.join(modules, name)), { recursive: true })
    symlinkSync(path.join(root, 'node_modules', name), path.join(modules, name))
  }
  writeFileSync(path.join(consumer, 'package.json'), '{"type":"module"}')
})
after(() => folder[Symbol.asyncDispose]())

async function run(command: string, args: readonly string[], cwd = consumer): Promise<string> {
  const { code, stdout, stderr } = await runProgram({ command, args, cwd, env }, 60_000)
  assert.equal(code, 0, `${command} ${args.join(' ')}:\n${stdout}${stderr}`)
  return stdout
}

test('the package holds the program and no sources', () => {
  const files = globSync('**/*', { cwd: path.join(consumer, 'node_modules/belfry') })
  for (const file of ['bin/belfry', 'dist/main.js', 'dist/package.json', 'dist/web/index.html', 'package.json']) {
    assert.ok(files.includes(file), file)
  }
  assert.deepEqual(
    files.filter((file) => /(?<!\.d)\.ts$|^(src|test|scripts|web|node_modules)\b|\/\./.test(file)),
    [],
  )
})

test('the web vault is in it, with the licences of what it is made of', async () => {
  const script = `import { startServer } from 'belfry'
    const port = 0, host = '127.0.0.1', any = { host, port }
    await using server = await startServer({
      nats: any, web: { ...any, https: false }, vault: { dataFolder: 'data' },
    })
    const get = async (name) => (await fetch('http://127.0.0.1:' + server.addresses.web.port + '/' + name)).text()
    const page = await get('')
    console.log(JSON.stringify([page, await get(/assets\\/[^"]+\\.js/.exec(page)[0]), await get('third-party.txt')]))`
  const said = await run(process.execPath, ['--no-warnings', '--input-type=module', '-e', script])
  const [page, main, notices] = JSON.parse(said)
  assert.match(page, /^<!doctype html>/)
  assert.equal(main, readFileSync(path.join(consumer, 'node_modules/belfry/dist/web', partOf(page)), 'utf8'))
  assert.match(notices, /^svelte [\d.]+ \(MIT\)\n\nCopyright \(c\) /m)
  for (const name of ['@microsoft/signalr', '@msgpack/msgpack', '@noble/hashes', 'hash-wasm', 'uqr']) {
    assert.match(notices, new RegExp(`^${name} [\\d.]+ \\((MIT|ISC)\\)$`, 'm'))
  }
  assert.match(notices, /words for passphrases by .* Electronic Frontier Foundation\n.*\n.*creativecommons/)
})

const partOf = (page: string) => /assets\/[^"]+\.js/.exec(page)![0]

test('the installed program runs through its link', async () => {
  const { stdout, stderr, code } = await runProgram({
    command: path.join(consumer, 'node_modules/.bin/belfry'),
    args: ['--version'],
    env,
  })
  assert.deepEqual({ stdout, stderr, code }, { stdout: `${packageJson.version}\n`, stderr: '', code: 0 })
})

test('every exported path can be imported', async () => {
  const paths = Object.keys(packageJson.exports).filter((name) => name !== './package.json')
  const script = `for (const name of ${JSON.stringify(paths)}) {
    if (Object.keys(await import(name.replace('.', 'belfry'))).length === 0) console.log(name, 'exports nothing')
  }`
  assert.equal(await run(process.execPath, ['--input-type=module', '-e', script]), '')
})

test('the thread that hashes passwords is found where it is compiled', async () => {
  const script = `import { bcryptPassword, checkPassword } from 'belfry/auth'
    console.log(await checkPassword(await bcryptPassword('secret', 4), 'secret'))`
  assert.equal(await run(process.execPath, ['--input-type=module', '-e', script]), 'true\n')
})

test('a consumer’s TypeScript sees the types', async () => {
  const source = `import type http from 'node:http'
import { type MountRules, startServer, type Server } from 'belfry'
import { Broker } from 'belfry/core'
export const server: Promise<Server> = startServer({})
// @ts-expect-error Were the types missing, everything would be allowed.
export const broker = new Broker('no', 'such', 'arguments')
// @ts-expect-error The same for what is started.
startServer(42)

const rules: MountRules = { path: '/events', allowedOrigins: ['https://*.example.com'], trustedProxies: ['10.0.0.0/8'] }
export async function mount(application: http.Server): Promise<readonly string[]> {
  const belfry = await server
  application.on('upgrade', await belfry.natsUpgradeHandler(rules))
  return belfry.reload({ dryRun: true })
}
// @ts-expect-error The port is the application's.
export const port: MountRules = { port: 8080 }
`
  writeFileSync(path.join(consumer, 'consumer.ts'), source)
  const options = [
    '--noEmit',
    '--strict',
    '--module',
    'nodenext',
    '--target',
    'esnext',
    '--types',
    'node',
    '--skipLibCheck',
  ]
  await run(path.join(root, 'node_modules/.bin/tsc'), [...options, 'consumer.ts'])
})

/** `belfry nats-server -c FILE` as a program: a changed file counts from SIGHUP, or `--signal reload`, on. */
import assert from 'node:assert/strict'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import { usernamePasswordAuthenticator } from '@nats-io/nats-core'
import { type RunningProgram, runProgram, startProgram } from '../../helpers/processes.ts'
import { temporaryFolder } from '../../helpers/temp.ts'
import { until } from '../../helpers/wait.ts'
import { assertEchoes, assertEnding, assertRefused, carrier, type Site, VIOLATION } from './carriers.ts'
import { plainText } from './sites.ts'

const BELFRY = path.join(import.meta.dirname, '../../../bin/belfry')
const WAYS = [carrier('TCP'), carrier('ws'), carrier('ws by nats.ws')]

const who = (user: string, password = 'secret') => ({ authenticator: usernamePasswordAuthenticator(user, password) })
const users = (...names: readonly string[]) =>
  `authorization { users: [${names.map((name) => `{ user: ${name}, password: secret }`).join(', ')}] }`

const RELOADS: Readonly<Record<string, (program: RunningProgram) => Promise<unknown>>> = {
  SIGHUP: async (program) => program.child.kill('SIGHUP'),
  '--signal reload': async (program) => {
    const { code, stderr } = await runProgram({
      command: BELFRY,
      args: ['nats-server', '--signal', `reload=${program.child.pid}`],
    })
    assert.equal(code, 0, stderr)
  },
}

for (const [name, reload] of Object.entries(RELOADS)) {
  test(`${name} sends those away who are no longer in the file, and lets those stay who are`, async () => {
    await using folder = await temporaryFolder()
    const file = folder.join('nats.conf')
    const write = (text: string) =>
      writeFile(file, `listen: "127.0.0.1:-1"\nports_file_dir: "${folder.path}"\n${plainText({ main: text })}`)
    await write(users('ann', 'ben'))
    await using program = await startProgram({
      command: BELFRY,
      args: ['nats-server', '-c', file],
      ready: /Server is ready/,
    })
    const site = await siteOf(folder.path)
    const leaving = await Promise.all(WAYS.map(async (way) => ({ way, joined: await way.join(site, who('ann')) })))
    const staying = await Promise.all(WAYS.map((way) => way.join(site, who('ben'))))
    await assertRefused(WAYS[0]!, site, who('cleo'))

    await write(users('ben', 'cleo'))
    await reload(program)
    for (const { way, joined } of leaving) assertEnding(way, await joined.ended(), VIOLATION)
    for (const way of WAYS) await assertRefused(way, site, who('ann'))
    for (const joined of staying) {
      await assertEchoes(joined.connection)
      await joined[Symbol.asyncDispose]()
    }
    const newcomer = await WAYS[1]!.join(site, who('cleo'))
    await newcomer[Symbol.asyncDispose]()

    await write('authorization { users: [{ user: ben')
    await reload(program)
    await program.saying(/Failed to reload server configuration/)
    await (await WAYS[2]!.join(site, who('cleo')))[Symbol.asyncDispose]()
  })
}

/** As the program wrote it down. */
async function siteOf(folder: string): Promise<Site> {
  const isPortsFile = (name: string) => name.endsWith('.ports')
  const name = await until(async () => (await readdir(folder)).find(isPortsFile), 'the ports file')
  const text = await until(() => readFile(path.join(folder, name), 'utf8'), 'what is in the ports file')
  const { nats, websocket } = JSON.parse(text) as Record<string, readonly string[]>
  const at = (urls: readonly string[] = []) => ({ host: '127.0.0.1', port: Number(new URL(urls[0] ?? '').port) })
  return { tcp: at(nats), webSocket: at(websocket) }
}

/** Belfry for suites in which logins fail on purpose, again and again from one address. */
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { loadNatsOptions } from '#config'
import { ConfigError, silentLogger } from '#kit'
import { startNatsServer } from '#server'
import { type TemporaryFolder, temporaryFolder } from '../../helpers/temp.ts'
import type { Implementation } from './websocket-table/servers.ts'

export const FORGIVING_BELFRY: Implementation = {
  name: 'belfry',
  skip: false,
  start,
  check: (configText) =>
    failureOf(async () => {
      await using folder = await temporaryFolder()
      await read(folder, configText)
    }),
  startFailure: async (configText) => {
    const failure = await failureOf(async () => {
      await using _server = await start(configText)
    })
    return failure ?? assert.fail('it started')
  },
}

async function start(configText: string): ReturnType<Implementation['start']> {
  await using cleanup = new AsyncDisposableStack()
  const folder = cleanup.use(await temporaryFolder())
  const options = await read(folder, configText)
  const server = cleanup.use(await startNatsServer(options, { logger: silentLogger }))
  const { nats, websockets } = server.addresses
  const kept = cleanup.move()
  return {
    name: 'belfry',
    tcp: nats,
    webSocket: websockets[0] ?? { host: nats.host, port: 0 },
    logged: () => assert.fail('nobody reads its log here'),
    reload: (text) => failureOf(async () => server.reload(await read(folder, text))),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}

async function read(folder: TemporaryFolder, configText: string) {
  await writeFile(folder.join('nats.conf'), `listen: "127.0.0.1:-1"\n${configText}\n`)
  const defaults = { nats: { maxFailureDelayMs: 0 } }
  return loadNatsOptions({ configFile: 'nats.conf', env: {}, cwd: folder.path, defaults }).options
}

/** Of the configuration; whatever else goes wrong is not expected. */
async function failureOf(work: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await work()
    return undefined
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return error.message
  }
}

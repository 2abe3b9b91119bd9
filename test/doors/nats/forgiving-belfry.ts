/** Belfry for suites in which logins fail on purpose, again and again from one address. */
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { LoginFailures, type LoginResult } from '#auth'
import { loadNatsOptions } from '#config'
import { ConfigError, silentLogger, systemClock } from '#kit'
import { startNatsServer } from '#server'
import { type TemporaryFolder, temporaryFolder } from '../../helpers/temp.ts'
import type { Implementation } from './websocket-table/servers.ts'

/** Slows nobody down. */
class NoDelays extends LoginFailures {
  constructor() {
    super({ clock: systemClock })
  }

  override answer(_address: string, result: LoginResult | Promise<LoginResult>): LoginResult | Promise<LoginResult> {
    return result
  }
}

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
  const server = cleanup.use(await startNatsServer(options, { logger: silentLogger, loginFailures: new NoDelays() }))
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
  return loadNatsOptions({ configFile: 'nats.conf', env: {}, cwd: folder.path }).options
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

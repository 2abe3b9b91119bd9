/** A Belfry for benchmarks that shares its database with others: `instance.ts <settings of the vault as JSON>`. */
import { silentLogger } from '#kit'
import { startServer } from '#server'
import { temporaryFolder } from '../../test/helpers/temp.ts'

export interface InstanceSettings {
  readonly databaseUrl: string
  /** The key of all instances, without `.pem`. */
  readonly rsaKeyFilename: string
  /** None: it is the only one. */
  readonly clusterUrl?: string
}

const settings: InstanceSettings = JSON.parse(process.argv[2] ?? '')
const folder = await temporaryFolder()
const anyPort = { host: '127.0.0.1', port: 0 }
const server = await startServer(
  {
    nats: anyPort,
    web: { ...anyPort, https: anyPort },
    vault: { ...settings, dataFolder: folder.path, passwordIterations: 100_000 },
  },
  { logger: silentLogger },
)
process.send?.({ addresses: server.addresses })

const end = async () => {
  await server.close()
  await folder[Symbol.asyncDispose]()
  process.exit()
}
// Also when the parent is gone without a word.
process.once('SIGTERM', end).once('disconnect', end)

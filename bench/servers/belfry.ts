/** A Belfry for benchmarks: free ports of 127.0.0.1, a data folder that goes with it. Tells its parent where it listens. */
import { silentLogger } from '#kit'
import { startServer } from '#server'
import { temporaryFolder } from '../../test/helpers/temp.ts'

const folder = await temporaryFolder()
const anyPort = { host: '127.0.0.1', port: 0 }
const server = await startServer(
  {
    nats: anyPort,
    websocket: { ...anyPort, noTls: true },
    web: { ...anyPort, https: anyPort },
    // Devices log in by the hundred before anything is measured.
    vault: { dataFolder: folder.path, passwordIterations: 100_000, loginRatelimitMaxBurst: 10_000 },
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

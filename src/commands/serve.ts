import path from 'node:path'
import { inspect } from 'node:util'
import { Command } from 'commander'
import { loadOptions, type Overrides } from '#config'
import { ConfigError } from '#kit'
import { formatAddress, type ListenAddress } from '#net'
import { createLogger } from '#ops'
import { type Server, startServer } from '../server.ts'
import type { Controlled } from '../services/control/control-requests.ts'
import { ControlSocket, claimControlSocket } from '../services/control/control-socket.ts'
import { hasPlainPassword } from './nats-server/announce.ts'

/** How long a clean end may take before the rest is cut, from when the devices were sent away. */
const CLOSE_DEADLINE_MS = 5_000

/** `belfry serve`, which is also what `belfry` alone does. */
export function serveCommand(version: string): Command {
  return new Command('serve')
    .description('start the server (this is the default)')
    .option('-c, --config <file>', 'settings in the NATS config language')
    .option('-a, --addr <host>', 'address for NATS clients over TCP')
    .option('-p, --port <port>', 'port for NATS clients over TCP; -1 for any free one', Number)
    .allowExcessArguments()
    .action(async (flags: { config?: string; addr?: string; port?: number }, command: Command) => {
      // As it is the default, it gets whatever is no command.
      const [word] = command.args
      if (word !== undefined) command.error(`belfry: there is no command "${word}": belfry --help names them all`)
      const overrides: Overrides = { nats: { host: flags.addr, port: flags.port === -1 ? 0 : flags.port } }
      await serve(overrides, flags.config, version)
    })
}

/**
 * Runs until SIGINT or SIGTERM; a second signal, or five seconds after `hub.drain_window`, ends the process at once.
 * SIGHUP reads the settings again, SIGUSR2 lets go of clients slowly and ends then, as nats-server's signals do.
 */
async function serve(overrides: Overrides, configFile: string | undefined, version: string): Promise<void> {
  // What Belfry writes is for its owner only, also where the folder is not.
  process.umask(0o077)
  const env = process.env
  const { options } = loadOptions({ configFile, env, cwd: process.cwd(), overrides })
  const logger = createLogger(options.log)
  const { dataFolder, database } = options.vault
  const claimed = await claimControlSocket({
    path: options.control.socket,
    dataFolder,
    databaseKind: database.kind,
  })
  const server = await startServer(overrides, { configFile, env, logger })
  const controlled: Controlled = {
    version,
    status: () => server.status(),
    reloadReport: (options) => server.reloadReport(options),
    log: logger,
  }
  const control = await ControlSocket.open(claimed, controlled, logger).catch(async (error: unknown) => {
    await server.close()
    throw error
  })
  let isClosing = false
  let isLameDuck = false
  /** One reload at a time. One that waits reads the settings of the moment it begins, so that it does for all signals. */
  let reloading = Promise.resolve()
  let reloadWaits = false
  const close = () => {
    if (isClosing) process.exit(1)
    isClosing = true
    setTimeout(() => process.exit(1), server.options.hub.drainWindowMs + CLOSE_DEADLINE_MS)
    server.close().then(
      () => {
        // Until now there is somebody on the data folder.
        void control?.close()
        process.exit(0)
      },
      (error: unknown) => {
        console.error(error)
        process.exit(1)
      },
    )
  }
  const reload = async () => {
    reloadWaits = false
    try {
      const { applied, closed, atNextStart } = await server.reloadReport()
      for (const line of [...applied, ...closed]) process.stderr.write(`belfry: reloaded: ${line}\n`)
      for (const line of atNextStart) process.stderr.write(`belfry: needs a restart: ${line}\n`)
      process.stderr.write('belfry: the configuration is reloaded\n')
    } catch (error) {
      // A bug in a reload is no reason to end what works.
      const reason = error instanceof ConfigError ? error.message : inspect(error)
      process.stderr.write(`belfry: the configuration stays as it was: ${reason}\n`)
    }
  }
  process.on('SIGHUP', () => {
    if (!reloadWaits) reloading = reloading.then(reload)
    reloadWaits = true
  })
  process.on('SIGUSR2', () => {
    if (isLameDuck || isClosing) return
    isLameDuck = true
    process.stderr.write('belfry: lame duck mode: NATS clients are told to go elsewhere, devices to come back\n')
    // Somebody may have lost patience meanwhile.
    void server.lameDuck().then(() => isClosing || close())
  })
  process.on('SIGINT', close)
  process.on('SIGTERM', close)
  if (hasPlainPassword(server.options)) {
    process.stderr.write(
      'belfry: passwords of NATS users can be read in the configuration: belfry admin hash hashes them\n',
    )
  }
  // Only now: whoever waits for these lines may send a signal the moment they appear.
  process.stdout.write(welcome(server, version))
}

/** The address to open, where the data lies and how to stop: what somebody who just started it wants to know. */
function welcome({ addresses, options, certificateAuthorityFile }: Server, version: string): string {
  const { web, https, nats, websockets } = addresses
  const { basePath, dataFolder } = options.vault
  const webUrl = url(options.web.tls ? 'https' : 'http', web) + basePath
  const vaultUrl = https ? url('https', https) + basePath : webUrl
  const hubs = Object.keys(options.hubs).map((name) => `${webUrl}/hubs/${name}`)
  const relayed = options.relay.installations.length
  const natsUrls = [url('nats', nats)]
  if (options.web.nats !== 'off') natsUrls.push(natsUrlOf(webUrl))
  for (const [i, address] of websockets.entries()) {
    natsUrls.push(url(options.websockets[i]?.tls ? 'wss' : 'ws', address))
  }

  const lines = [
    `Belfry ${version} is ready`,
    '',
    `  Bitwarden server   ${vaultUrl}${https ? `   (and ${webUrl})` : ''}`,
    ...(options.web.webVault ? [`  Web vault          ${isSecureContext(webUrl) ? webUrl : vaultUrl}`] : []),
    ...(hubs.length > 0 ? [`  Hubs of your own   ${hubs.join(', ')}`] : []),
    ...(relayed > 0 ? [`  Relay              for ${relayed} other server${relayed > 1 ? 's' : ''}`] : []),
    ...(options.push.relay ? [`  Push to phones     by ${options.push.relay.relayUri}`] : []),
    `  NATS               ${natsUrls.join(', ')}`,
    ...(options.web.admitsVaultUsers ? [`  NATS of the vault  ${natsUrlOf(vaultUrl)}   (for signed-in users)`] : []),
    `  Data               ${path.relative(process.cwd(), dataFolder) || '.'}`,
    '',
  ]
  if (certificateAuthorityFile !== undefined) {
    lines.push(
      '  Its certificate comes from an authority made for this machine. To make the Bitwarden CLI trust it:',
      `    export NODE_EXTRA_CA_CERTS=${quoted(certificateAuthorityFile)}`,
      '',
    )
  }
  return `${lines.join('\n')}\nStop with Ctrl-C.\n`
}

/** Whether browsers let a page of this address encrypt (W3C Secure Contexts §3.1). */
function isSecureContext(address: string): boolean {
  const { protocol, hostname } = new URL(address)
  return protocol === 'https:' || hostname === 'localhost' || hostname === '[::1]' || hostname.startsWith('127.')
}

/** Where a web listener serves NATS. */
function natsUrlOf(webUrl: string): string {
  return `${webUrl.replace(/^http/, 'ws')}/nats`
}

/** As a shell takes it for one word. */
function quoted(word: string): string {
  return /^[\w./:@+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}

/** With a name that the local certificate has, and that can be opened: not the address that means "all of them". */
function url(scheme: string, { host, port }: ListenAddress): string {
  const reachable = host === '0.0.0.0' || host === '::' || (scheme === 'https' && host === '127.0.0.1')
  return `${scheme}://${formatAddress({ host: reachable ? 'localhost' : host, port })}`
}

import { Argument, Command } from 'commander'
import { loadOptions } from '#config'
import { apacheConfig } from './apache.ts'
import { caddyConfig } from './caddy.ts'
import { haproxyConfig } from './haproxy.ts'
import { nginxConfig } from './nginx.ts'
import { PROXY_NAMES, type ProxyFlags, type ProxyName, readSite } from './read-site.ts'
import type { Site } from './site.ts'
import { traefikConfig } from './traefik.ts'

const PRINTERS: Record<ProxyName, (site: Site) => string> = {
  nginx: nginxConfig,
  apache: apacheConfig,
  caddy: caddyConfig,
  haproxy: haproxyConfig,
  traefik: traefikConfig,
}

/** What a command knows of its process. */
interface Surroundings {
  readonly env: NodeJS.ProcessEnv
  readonly cwd: () => string
  readonly stdout: { write(text: string): unknown }
  readonly stderr: { write(text: string): unknown }
}

/** `belfry proxy`: prints the configuration of the proxy in front, made of the settings that `serve` would have. */
export function proxyCommand(surroundings: Surroundings = process): Command {
  return new Command('proxy')
    .description('print a complete configuration for a reverse proxy in front of this server')
    .addArgument(new Argument('<proxy>', 'which proxy').choices(PROXY_NAMES))
    .option('-c, --config <file>', 'settings in the NATS config language')
    .option('--domain <url>', 'public address, with its path if it has one; default: DOMAIN')
    .option('--upstream <address>', '[http(s)://]host:port of the web listener; default: ROCKET_ADDRESS, ROCKET_PORT')
    .option('--certificate <file>', "certificate chain; default: certbot's, or the proxy's own")
    .option('--key <file>', 'private key of the certificate')
    .option('--listen <address>', '[address:]port for HTTPS; default: the port of the public address')
    .option('--redirect <address>', '[address:]port from which HTTP is sent on to HTTPS, or "off"', '80')
    .option(
      '--websocket <place>',
      'path or [address:]port for NATS over WebSocket, with =host:port of the listener if it is in no websocket {} ' +
        'block; several times for several blocks, in their order; default: a path for each block',
      collect,
    )
    .option(
      '--nats-tcp <place>',
      '[address:]port for NATS over TCP, with =host:port of the listener if not the set one',
    )
    .option('--proxy-protocol <version>', 'how the NATS listener is told who the client is: v1 or v2')
    .option('--old-hub [address]', 'the hub at its own port, 127.0.0.1:3012, as before Vaultwarden 1.29')
    .option('--no-old-hub', 'the hub at the web port, although WEBSOCKET_ENABLED is set')
    .action((name: ProxyName, flags: ProxyFlags & { readonly config?: string; readonly domain?: string }) => {
      const { env, cwd, stdout, stderr } = surroundings
      const { options, warnings } = loadOptions({
        configFile: flags.config,
        env,
        cwd: cwd(),
        overrides: { vault: { domain: flags.domain } },
      })
      for (const warning of warnings) stderr.write(`belfry: ${warning}\n`)
      stdout.write(PRINTERS[name](readSite(name, options, flags)))
    })
}

function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value]
}

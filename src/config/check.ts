import { ConfigError } from '#kit'
import { resolveTls } from './assemble-nats.ts'
import { readConfigFile } from './config-file.ts'
import { configDigest, type Environment, type Position, Problems, parseConfigFile } from './language/index.ts'
import { SETTINGS_OF_THE_VAULT } from './load-options.ts'
import { BLOCKS_OF_THE_VAULT } from './settings/blocks.ts'
import { schema } from './settings/schema.ts'
import { type TlsOptions, tlsOptions } from './types/tls.ts'
import type { Values } from './values.ts'

export interface CheckedConfigFile {
  /** What is right in the file, but would have no effect here. */
  readonly warnings: readonly string[]
  /** What is right in the file for nats-server, but would keep this version from starting. */
  readonly refusals: readonly string[]
  /** SHA-256 of what the file says, in hex, as nats-server computes it. */
  readonly digest: string
  /** The certificates that nats-server loads when it checks a file, with the places that its complaints begin with. */
  readonly tls: readonly { readonly position: Position; readonly options: TlsOptions }[]
}

/**
 * Checks a file as `nats-server -t` does: each value by itself, not how they go together, and nothing is started.
 * What nats-server only warns of is fatal here as well.
 * @throws ConfigError with everything that is wrong, one line each, warnings first.
 */
export function checkConfigFile(
  configFile: string,
  { env, cwd }: { env: Environment; cwd: string },
): CheckedConfigFile {
  const problems = new Problems()
  const file = parseConfigFile(configFile, { environment: env, cwd })
  const values = readConfigFile(file, {
    problems,
    surroundings: { cwd, accounts: [], environment: env },
    blocksWithoutEffect: BLOCKS_OF_THE_VAULT,
    settingsWithoutEffect: SETTINGS_OF_THE_VAULT,
  })
  const { warnings, errors, remarks, refusals } = problems
  if (errors.length > 0 || warnings.length > 0) throw new ConfigError([...warnings, ...errors].join('\n'))
  return { warnings: remarks, refusals, digest: configDigest(file), tls: tlsBlocks(values, cwd) }
}

function tlsBlocks(values: Values, cwd: string): CheckedConfigFile['tls'] {
  const blockOf = (values: Values, setting: typeof schema.nats.tls) => {
    const position = values.positionOf(setting)
    const options = values.get(setting)
    return position && options ? [{ position, options: resolveTls(options, cwd) }] : []
  }
  const listeners = values.list('websocket')
  return [
    ...blockOf(values, schema.nats.tls),
    ...resolverBlock(values, cwd),
    ...blockOf(values, schema.leafnodes.tls),
    ...remoteBlocks(values, cwd),
    ...listeners.flatMap((listener) => blockOf(listener, schema.websocket.tls)),
  ]
}

/** Those of leaf node remotes, as far as they name files. */
function remoteBlocks(values: Values, cwd: string): CheckedConfigFile['tls'] {
  return (values.get(schema.leafnodes.remotes) ?? []).flatMap(({ given: { tls }, tlsPosition: position }) => {
    if (tls === undefined || position === undefined) return []
    const { certificates, caFile } = tls
    // Authorities are only read for certificates that are asked for.
    return [{ position, options: resolveTls(tlsOptions({ certificates, caFile, verify: caFile !== undefined }), cwd) }]
  })
}

/** That of connections to the server of accounts, when it has a certificate of its own. */
function resolverBlock(values: Values, cwd: string): CheckedConfigFile['tls'] {
  const { resolverTls } = schema.nats
  const { caFile, certFile, keyFile } = values.get(resolverTls) ?? {}
  const position = values.positionOf(resolverTls)
  if (position === undefined || certFile === undefined || keyFile === undefined) return []
  return [{ position, options: resolveTls(tlsOptions({ certificates: [{ certFile, keyFile }], caFile }), cwd) }]
}

import { type CheckedConfigFile, formatPosition, type NatsServerOptions, type TlsOptions } from '#config'
import { ConfigError } from '#kit'

/** Reads the files of a `tls {}`. Rejects with a `ConfigError`. */
export type LoadTls = (options: TlsOptions) => Promise<unknown>

/** What a program says of a configuration file that is right. */
export function validText(program: string, configFile: string, digest: string): string {
  return `${program}: configuration file ${configFile} is valid (sha256:${digest})\n`
}

/** Loads the certificates of a file, as nats-server does to check it. Rejects with a `ConfigError` of all complaints. */
export async function checkTlsBlocks({ tls }: CheckedConfigFile, loadTls: LoadTls): Promise<void> {
  await loadAll(
    tls.map(({ position, options }) => ({ prefix: `${formatPosition(position)}: `, options })),
    loadTls,
  )
}

/** Loads the certificates of all listeners. Rejects with a `ConfigError` of all complaints. */
export async function checkTlsOptions({ nats, websockets }: NatsServerOptions, loadTls: LoadTls): Promise<void> {
  const all = [nats.tls, ...websockets.map(({ tls }) => tls)].filter((tls) => tls !== undefined)
  await loadAll(
    all.map((options) => ({ prefix: '', options })),
    loadTls,
  )
}

async function loadAll(
  blocks: readonly { readonly prefix: string; readonly options: TlsOptions }[],
  loadTls: LoadTls,
): Promise<void> {
  const complaints: string[] = []
  for (const { prefix, options } of blocks) {
    try {
      await loadTls(options)
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      complaints.push(prefix + error.message)
    }
  }
  if (complaints.length > 0) throw new ConfigError(complaints.join('\n'))
}

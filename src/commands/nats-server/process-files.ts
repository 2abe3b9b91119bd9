import { lookup } from 'node:dns/promises'
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { networkInterfaces } from 'node:os'
import path from 'node:path'
import { formatAddress, type ListenAddress } from '#net'

/** As nats-server makes its pid file. */
const PID_FILE_MODE = 0o600

/** Where a server listens, as clients dial it. */
export interface ListeningUrl {
  readonly kind: 'nats' | 'monitoring' | 'websocket' | 'leafnodes'
  /** `nats`, `tls`, `http`, `https`, `ws` or `wss`. */
  readonly scheme: string
  readonly address: ListenAddress
}

/** The URLs of a server by kind, as its ports file has them; a kind without any is absent. */
export type PortsFileContent = Partial<Record<ListeningUrl['kind'], string[]>>

/** Writes the pid, without a line end. @throws what the file system throws. */
export function writePidFile(file: string, pid: number): void {
  writeFileSync(file, String(pid), { mode: PID_FILE_MODE })
}

/** Removes a pid file that still names this process; a newer server's stays. Never throws. */
export function removePidFile(file: string, pid: number): void {
  try {
    if (readFileSync(file, 'utf8').trim() === String(pid)) rmSync(file)
  } catch {
    // It is gone, or it is not ours to remove any more.
  }
}

/** `nats-server_<pid>.ports`, by which test suites find it. */
export function portsFilePath(folder: string, pid: number): string {
  return path.join(folder, `nats-server_${pid}.ports`)
}

/** Writes the file so that whoever sees it sees all of it. @throws what the file system throws. */
export function writePortsFile(file: string, content: PortsFileContent): void {
  const unfinished = path.join(path.dirname(file), `.${path.basename(file)}.new`)
  writeFileSync(unfinished, JSON.stringify(content))
  renameSync(unfinished, file)
}

/** Never throws. */
export function removePortsFile(file: string): void {
  try {
    rmSync(file)
  } catch {
    // Nobody needs it any more, whoever took it away.
  }
}

/** Every URL that a server is reached by: names become addresses, and "any address" each that this machine has. */
export async function portsFileContent(urls: readonly ListeningUrl[]): Promise<PortsFileContent> {
  const content: PortsFileContent = {}
  for (const { kind, scheme, address } of urls) {
    const hosts = await hostsOf(address.host)
    content[kind] ??= []
    content[kind].push(...hosts.map((host) => `${scheme}://${formatAddress({ host, port: address.port })}`))
  }
  return content
}

async function hostsOf(host: string): Promise<string[]> {
  if (host === '0.0.0.0' || host === '::') {
    const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? [])
    // A listener on :: takes IPv4 as well, one on 0.0.0.0 nothing else.
    const reached = all.filter(({ family }) => family === 'IPv4' || host === '::')
    return [...new Set(reached.map(({ address }) => address))]
  }
  try {
    return [(await lookup(host)).address]
  } catch {
    return [host]
  }
}

import { chmod, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { ComposeFile, ComposeService } from './compose-file.ts'

/** Loopback addresses for the services of a compose file, each of which has all ports to itself, as in its container. */
export class Network {
  readonly #subnet: { readonly written: string; readonly ours: string }
  readonly #addresses: ReadonlyMap<string, string>

  constructor({ services }: ComposeFile) {
    const octet = () => 1 + Math.floor(Math.random() * 253)
    const fixed = (service: ComposeService) =>
      Object.values(service.networks ?? {}).flatMap((network) => network?.ipv4_address ?? [])[0]
    const written = Object.values(services).flatMap((service) => fixed(service) ?? [])[0] ?? ''
    this.#subnet = { written: written.replace(/\d+$/, ''), ours: `127.${octet()}.${octet()}.` }
    this.#addresses = new Map(
      Object.entries(services).map(([name, service], i) => [
        name,
        fixed(service)?.replace(this.#subnet.written, this.#subnet.ours) ?? `${this.#subnet.ours}${100 + i}`,
      ]),
    )
  }

  address(service: string): string {
    return this.#addresses.get(service)!
  }

  /** An address that no service has, for somebody outside. */
  outsider(number: number): string {
    return `${this.#subnet.ours}${200 + number}`
  }

  /** With the addresses that the services have here, as `service` sees them. */
  translate(text: string, service: string): string {
    const names = [...this.#addresses.keys()].join('|')
    const { written, ours } = this.#subnet
    return (written === '' ? text : text.replaceAll(written, ours))
      .replace(new RegExp(`(?<=[@\\s]|//)(${names})(?=[:/])`, 'g'), (name) => this.address(name))
      .replace(/\b(0\.0\.0\.0|127\.0\.0\.1)\b/g, this.address(service))
  }
}

/** A folder that holds what a container has of its own, with the files of the compose file's that it is given. */
export class Place {
  readonly #folder: string
  /** Paths in the container, the longest first. */
  readonly #paths: readonly string[]
  readonly #translate: (text: string) => string

  /** `source` is where the compose file lies. */
  static async prepare(
    service: ComposeService,
    files: {
      readonly folder: string
      readonly source: string
      readonly compose: ComposeFile
      readonly translate: (text: string) => string
    },
  ): Promise<Place> {
    const { folder, source, compose, translate } = files
    const secrets = (service.secrets ?? []).map((secret) => {
      const { source: name, target } =
        typeof secret === 'string' ? { source: secret, target: `/run/secrets/${secret}` } : secret
      return [target, compose.secrets![name]!.file] as const
    })
    const mounts = (service.volumes ?? []).map((volume) => {
      const [from, to] = volume.split(':') as [string, string]
      return [to, from.startsWith('.') ? from : undefined] as const
    })
    const volumes = new Map(
      (service.volumes ?? []).map((volume) => volume.split(':', 2).toReversed() as [string, string]),
    )
    const scratch = (service.tmpfs ?? []).map((entry) => [entry.split(':')[0]!, undefined] as const)
    const contents = [...secrets, ...mounts, ...scratch]
    const place = new Place(
      folder,
      contents.map(([target]) => target),
      translate,
    )
    for (const [target, from] of contents) {
      const here = path.join(folder, target)
      const isVolume = from === undefined && volumes.has(target)
      await mkdir(from === undefined && !isVolume ? here : path.dirname(here), { recursive: true })
      if (isVolume) {
        // What several services name is one folder.
        const shared = path.join(folder, '../volumes', volumes.get(target)!)
        await mkdir(shared, { recursive: true })
        await symlink(shared, here)
      }
      if (from === undefined) continue
      const whole = path.join(source, from)
      const isFolder = (await stat(whole)).isDirectory()
      for (const name of isFolder ? await readdir(whole) : ['']) {
        await mkdir(isFolder ? here : path.dirname(here), { recursive: true })
        await writeFile(path.join(here, name), place.translate(await readFile(path.join(whole, name), 'utf8')))
        await chmod(path.join(here, name), 0o644)
      }
    }
    return place
  }

  private constructor(folder: string, paths: readonly string[], translate: (text: string) => string) {
    this.#folder = folder
    this.#paths = paths.toSorted((a, b) => b.length - a.length)
    this.#translate = translate
  }

  /** Where on this machine is what the container calls `file`. */
  path(file: string): string {
    return path.join(this.#folder, file)
  }

  /** With the addresses and paths of this machine in place of those in the container. */
  translate(text: string): string {
    const known = this.#paths.flatMap((file) => [file, path.dirname(file)]).filter((file) => file !== '/')
    const pattern = new RegExp(`(?<=^|[\\s"'=])(${known.join('|')})(?=[/\\s"';]|$)`, 'gm')
    return this.#translate(text.replace(pattern, (file) => this.path(file)))
  }
}

import type { CheckedConfigFile } from '#config'

/** What `nats-server -t` and `belfry check -c` say of a file that is right. */
export function checkText(program: string, configFile: string, { warnings, digest }: CheckedConfigFile): string {
  const lines = [...warnings, `configuration file ${configFile} is valid (sha256:${digest})`]
  return lines.map((line) => `${program}: ${line}\n`).join('')
}

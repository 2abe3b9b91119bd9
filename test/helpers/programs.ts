import { accessSync, constants, globSync, realpathSync } from 'node:fs'
import path from 'node:path'

/** Programs that tests start, each with the Debian package that brings it. */
const PACKAGES = {
  'nats-server': 'nats-server',
  postgres: 'postgresql',
  nginx: 'nginx',
  apache2: 'apache2',
  haproxy: 'haproxy',
  caddy: 'caddy',
  chromium: 'chromium',
  openssl: 'openssl',
  curl: 'curl',
  jq: 'jq',
  script: 'bsdutils',
  shellcheck: 'shellcheck',
  'systemd-analyze': 'systemd',
} as const
export type ProgramName = keyof typeof PACKAGES

/** Where programs lie that are on the PATH of few: servers, above all. */
const MORE_FOLDERS = [
  '/usr/local/sbin',
  '/usr/sbin',
  '/sbin',
  ...globSync('/usr/lib/postgresql/*/bin').sort().reverse(),
]

export interface Program {
  /** Absolute; empty when it is not there. */
  readonly path: string
  /** For `test(name, { skip })`: `false`, or how to install what is missing. */
  readonly skip: string | false
}

/**
 * Looks for a program. One that is missing skips its tests aloud, but throws under `BELFRY_REQUIRE_PROGRAMS=1`
 * (`.ci/run`), where nothing may be skipped.
 */
export function requireProgram(name: ProgramName): Program {
  const found = [...(process.env.PATH ?? '').split(path.delimiter), ...MORE_FOLDERS]
    .filter((folder) => folder !== '')
    .map((folder) => path.join(folder, name))
    .find(isExecutable)
  if (found !== undefined) return { path: realpathSync(found), skip: false }

  const advice = `${name} is not installed; on Debian: apt-get install ${PACKAGES[name]}`
  if (process.env.BELFRY_REQUIRE_PROGRAMS === '1') throw new Error(advice)
  return { path: '', skip: advice }
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

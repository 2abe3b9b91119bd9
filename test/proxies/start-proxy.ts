/** The real proxies on loopback, each in a folder of its own and without root: with the file that an operator would save. */
import { existsSync, globSync, readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { runProgram, startProgram } from '../helpers/processes.ts'
import { type Program, requireProgram } from '../helpers/programs.ts'
import { type TemporaryFolder, temporaryFolder } from '../helpers/temp.ts'

export type ProxyKind = 'nginx' | 'apache' | 'haproxy' | 'caddy'

export const PROXIES: Readonly<Record<ProxyKind, Program>> = {
  nginx: requireProgram('nginx'),
  apache: requireProgram('apache2'),
  haproxy: requireProgram('haproxy'),
  caddy: requireProgram('caddy'),
}

/** Apache opens its error log by name, which a pipe does not have. */
const ERROR_LOG = 'error.log'

export interface ProxyOptions {
  readonly kind: ProxyKind
  /**
   * What an operator saves: for nginx a file of `conf.d`, or one with a `stream {}`; for Apache a site, whose comment
   * `a2enmod …` names its modules; for the others their one file. `/var/log/<proxy>` in it becomes the temporary folder.
   */
  readonly config: string
  /** Of 127.0.0.1, which it listens on: all answer when `startProxy` resolves. */
  readonly ports: readonly number[]
}

export interface RunningProxy extends AsyncDisposable {
  /** Its process id. */
  readonly pid: number
  /** What it said on stdout and stderr, or in its error log. */
  readonly output: string
  /** Holds the logs that it writes, under the names that they have in the configuration. */
  readonly folder: string
}

/** Starts a proxy in the foreground; rejects with its words when it does not like its configuration. */
export async function startProxy({ kind, config, ports }: ProxyOptions): Promise<RunningProxy> {
  await using cleanup = new AsyncDisposableStack()
  const folder = cleanup.use(await temporaryFolder())
  const { args, env } = await prepare(kind, config, folder)
  const command = PROXIES[kind].path
  // In one process, which waits for its WebSockets when it is to end: so it is killed, and leaves no children.
  const run = kind === 'caddy' ? ['run', ...args] : kind === 'apache' ? [...args, '-X'] : args
  const program = await startProgram({ command, args: run, env })
  cleanup.defer(async () => void (await program.stop(kind === 'apache' ? 'SIGKILL' : 'SIGTERM')))
  for (const port of ports) await program.listening(port)
  const errorLog = folder.join(ERROR_LOG)
  const kept = cleanup.move()
  return {
    pid: program.child.pid!,
    get output() {
      return program.output + (existsSync(errorLog) ? readFileSync(errorLog, 'utf8') : '')
    },
    folder: folder.path,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}

/** What the proxy's own checker says of a configuration, with its exit code. */
export async function checkProxy(kind: ProxyKind, config: string): Promise<{ code: number | null; output: string }> {
  await using folder = await temporaryFolder()
  const { args, env } = await prepare(kind, config, folder)
  const check = {
    nginx: [...args, '-t'],
    apache: [...args, '-t'],
    haproxy: [...args, '-c'],
    caddy: ['validate', ...args],
  }
  const { code, stdout, stderr } = await runProgram({ command: PROXIES[kind].path, args: check[kind], env })
  return { code, output: stdout + stderr }
}

interface Prepared {
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
}

/** Writes the configuration, with what a distribution has around it, and says how the proxy is called. */
async function prepare(kind: ProxyKind, config: string, folder: TemporaryFolder): Promise<Prepared> {
  const { file, content } = { nginx: nginxFile, apache: apacheFile, haproxy: haproxyFile, caddy: caddyFile }[kind](
    config.replaceAll(`/var/log/${kind}`, folder.path),
    folder,
  )
  await writeFile(folder.join(file), content)
  switch (kind) {
    case 'nginx':
      return { args: ['-p', folder.path, '-e', 'stderr', '-c', folder.join(file)], env: {} }
    case 'apache':
      return { args: ['-d', folder.path, '-f', folder.join(file)], env: { APACHE_LOG_DIR: folder.path } }
    case 'haproxy':
      return { args: ['-db', '-f', folder.join(file)], env: {} }
    case 'caddy': {
      const admin = `unix/${folder.join('admin')}`
      const env = { CADDY_ADMIN: admin, HOME: folder.path, XDG_DATA_HOME: folder.path, XDG_CONFIG_HOME: folder.path }
      return { args: ['--config', folder.join(file), '--adapter', 'caddyfile'], env }
    }
  }
}

type FileOf = (config: string, folder: TemporaryFolder) => { readonly file: string; readonly content: string }

const nginxFile: FileOf = (config, folder) => {
  const scratch = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${folder.join(name)};`,
  )
  const isStream = /^stream\b/m.test(config)
  const modules = isStream ? globSync('/usr/lib/nginx/modules/ngx_stream_module.so') : []
  return {
    file: 'nginx.conf',
    content: `daemon off; master_process off; worker_processes 1;
pid ${folder.join('nginx.pid')}; error_log stderr;
${modules.map((module) => `load_module ${module};`).join('\n')}
${isStream ? config : ''}
events { worker_connections 512; }
http {
access_log off; ${scratch.join(' ')}
${isStream ? '' : config}
}
`,
  }
}

/** Those that Debian loads from the beginning, as far as they matter, and what `a2enmod ssl` brings along. */
const APACHE_MODULES = [
  ...['mpm_event', 'authn_core', 'authz_core', 'authz_host', 'authz_user', 'access_compat', 'alias', 'deflate', 'dir'],
  ...['env', 'filter', 'mime', 'negotiation', 'reqtimeout', 'setenvif', 'socache_shmcb'],
]

const apacheFile: FileOf = (config, folder) => {
  const [, wanted = ''] = /^#.*\ba2enmod ([\w ]+)/m.exec(config) ?? []
  const modules = new Set([...APACHE_MODULES, ...wanted.trim().split(/ +/).filter(Boolean)])
  const loads = [...modules].map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`)
  return {
    file: 'apache2.conf',
    content: `${loads.join('\n')}
PidFile ${folder.join('apache2.pid')}
Mutex file:${folder.path} default
DefaultRuntimeDir ${folder.path}
ServerName localhost
ErrorLog ${folder.join(ERROR_LOG)}
TypesConfig /dev/null
${process.getuid?.() === 0 ? 'User www-data\nGroup www-data\n' : ''}
${config}
`,
  }
}

const haproxyFile: FileOf = (config) => ({
  file: 'haproxy.cfg',
  content: config
    .replace('log /dev/log ', 'log stdout format raw ')
    // Only root can become somebody else.
    .replace(/^\s*(?:user|group|chroot) .*\n/gm, (line) => (process.getuid?.() === 0 ? line : '')),
})

/** Run by root, Caddy makes the whole machine trust the authority that it makes for itself. */
const caddyFile: FileOf = (config) => ({
  file: 'Caddyfile',
  content: /^\{$/m.test(config)
    ? config.replace(/^\{$/m, '{\n\tskip_install_trust')
    : `{\n\tskip_install_trust\n}\n${config}`,
})

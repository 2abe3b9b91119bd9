import { USERS_AND_ACCOUNTS } from './documentation-accounts.ts'
import { LEAF_REMOTES } from './documentation-leafnodes.ts'
import { blocks, listenKeys, splitKey } from './settings/blocks.ts'
import { REFUSED, WITHOUT_EFFECT } from './settings/foreign.ts'
import { type AnySetting, allSettings } from './settings/schema.ts'
import { PROTECTIONS } from './vaultwarden/protections.ts'
import { UNSUPPORTED } from './vaultwarden/unsupported.ts'

function switchableText(): string {
  const switchable = allSettings.filter(({ setting }) => setting.whenEmpty !== undefined)
  const names = switchable.map(({ setting }) => `\`${setting.variable}\``)
  return `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
}

/** The text of docs/configuration.md. */
export function configurationPage(): string {
  const sections = [
    COMMAND_LINE,
    ...Object.keys(blocks).map(blockSection),
    ...[USERS_AND_ACCOUNTS, LEAF_REMOTES, TLS, LANGUAGE, FOREIGN, VAULTWARDEN, ENVIRONMENT],
  ]
  return `${[INTRODUCTION, tableOfContents(sections), ...sections].join('\n\n')}\n`
}

function tableOfContents(sections: readonly string[]): string {
  const titles = sections.flatMap((section) => /^## (.*)$/m.exec(section)?.[1] ?? [])
  return titles.map((title) => `- [${title}](#${anchor(title)})`).join('\n')
}

/** Where a heading is found, by GitHub's rule. */
function anchor(title: string): string {
  return title
    .toLowerCase()
    .replaceAll(/[^\w -]/g, '')
    .replaceAll(' ', '-')
}

const INTRODUCTION = `# Configuration

<!-- Made by \`node src/config/document.ts\` from src/config/settings: change it there. -->

Belfry needs no configuration. What can be set is set, from strongest to weakest,

1. on the command line, or by the program that starts Belfry as a library;
2. in a config file in the NATS language: \`belfry -c belfry.conf\`;
3. in \`config.json\`, which Vaultwarden's admin panel left in the data folder;
4. in the [environment](#environment), by Vaultwarden's names;
5. by the defaults below.

They are combined setting by setting: a file that only names \`web.port\` leaves \`ROCKET_ADDRESS\` in force. Paths
that are not absolute start from the working directory. Every mistake is reported, one per line, and ends the start.

\`\`\`conf
web { port: 8000 }
vault {
  data_folder: "/var/lib/belfry"
  domain: "https://vault.example.com"
  signups_allowed: false
}
max_payload: 2MB
websocket { port: 8080, tls { cert_file: "cert.pem", key_file: "key.pem" } }
\`\`\``

const COMMAND_LINE = `## Command line

\`belfry -c FILE\` names the config file, \`-a HOST\` and \`-p PORT\` the address for NATS clients over TCP; \`belfry --help\` lists
the other commands. \`belfry check\` reads the settings as the server would, says what is wrong with them and starts nothing.
\`belfry nats-server\` takes all flags of nats-server: [its command line](nats-server.md#the-command-line).`

const BLOCK_TITLES: Readonly<Record<string, string>> = {
  '': 'Top level: NATS, monitoring, the log and the process',
  authorization: 'Who may come in',
  websocket: 'NATS over WebSocket',
  'websocket.authorization': 'Who may come in over WebSocket',
  leafnodes: 'Leaf nodes',
  'leafnodes.authorization': 'Who may come in as a leaf node',
  web: 'Web listener',
  vault: 'Vault',
  hub: 'Notification hub',
  'hub.identity': 'In place of the official Notifications service',
  relay: 'Relay of other servers',
  push: 'Push to phones and browsers',
  metrics: 'Metrics for Prometheus',
}

const ENVIRONMENT = `## Environment

- \`<NAME>_FILE\` names a file whose text, without white space at both ends, is the value. \`<NAME>\` must not be set then.
- The file \`.env\` in the working directory is read as well; \`ENV_FILE\` names another one, which must exist. Where both
  set a variable, the environment wins.
- An empty variable counts as not set; only ${switchableText()} are switched off by it.
- Booleans are \`true t yes y 1\` and \`false f no n 0\` in any case. Anything else, and a number that is none, has no
  effect but a warning, as in Vaultwarden. All other mistakes end the start.
- Names that begin with \`BELFRY_\` are Belfry's own, those that begin with \`globalSettings__\` are those of Bitwarden's
  official server; all others are Vaultwarden's.

All of them by name; what each means stands where its link leads.

| Variable | Sets | Default |
| --- | --- | --- |
${allSettings
  .filter(({ setting }) => setting.variable !== undefined)
  .toSorted((a, b) => (a.setting.variable! < b.setting.variable! ? -1 : 1))
  .map(({ setting }) => row([`\`${setting.variable}\``, linkToKey(setting), defaultText(setting)]))
  .join('\n')}`

const VAULTWARDEN = `## Coming from Vaultwarden

What Vaultwarden's admin panel saved stays in force: Belfry reads \`config.json\` in the data folder, or where the
variable \`CONFIG_FILE\` points, but never writes it.

- Its keys are the names of [the environment](#environment) in lower case, without \`ROCKET_…\`, \`BELFRY_…\` and \`globalSettings__…\`. Values are
  texts, numbers or booleans; \`null\` and an empty text count as not set.
- As in Vaultwarden it overrides the environment; which variables that concerns is told at the start.
- \`data_folder\` may stand there only with the folder that is in force anyway.
- Where Vaultwarden passes over a broken file, Belfry does not start: a file that cannot be read, one that
  \`CONFIG_FILE\` names and that is not there, text that is no JSON object, or a value that is none.

What Vaultwarden can do and this version of Belfry cannot is told at the start as well, one line for every name that is
set to something else than Vaultwarden's default. What would protect the server ends the start when it is true:

| Variable | This version of Belfry | What to do |
| --- | --- | --- |
${Object.entries(PROTECTIONS)
  .map(([variable, { lack, remedy }]) => row([`\`${variable}\``, lack, remedy((name) => `\`${name}\``)]))
  .join('\n')}

No effect but a warning:

| Variables | This version of Belfry |
| --- | --- |
${UNSUPPORTED.map(({ lack, defaults }) => row([namesText(Object.keys(defaults)), lack])).join('\n')}`

function namesText(names: readonly string[]): string {
  return names.map((name) => `\`${name}\``).join(', ')
}

const BLOCK_NOTES: Readonly<Record<string, string>> = {
  '':
    'What is said here of the log, save for `log_level`, `log_levels`, `log_requests` and `debug`, and of files of the ' +
    'process, is what `belfry nats-server` does. A whole Belfry says at the start that it has no effect.',
  authorization:
    'With neither `user` nor `token` nor `users`, here or in `accounts`, nobody needs to log in. ' +
    '`user`, `token` and `users` exclude each other. ' +
    'What users, permissions and callouts look like is described below.',
  websocket:
    'For several listeners the block is a list: `websocket: [ { port: 8080, no_tls: true }, { port: 8443, tls { … } } ]`. ' +
    'Two blocks of this name are not: of them, as of all keys, the last one counts. A listener without `port` is off. ' +
    'A program sets the first listener with `websocket: { … }` and several with an array.\n\n' +
    'nats-server knows no such list, no patterns in `allowed_origins`, and none of the keys `path`, `proxy_protocol`, ' +
    '`trusted_proxies` and `max_connections_per_address`.',
  'websocket.authorization':
    'With `user`, `token` or `no_auth_user` this decides for the listener, instead of `authorization` at the top level. ' +
    '`user` and `token` are only possible where there are no `users`.',
  leafnodes:
    'Links to other servers: those that come in by this listener, and those that this server makes itself, which are ' +
    'described in [Remotes of leaf nodes](#remotes-of-leaf-nodes). Leaf nodes also come in by the WebSocket listeners, ' +
    'at `/leafnode`, once there is a `port`. [Different from nats-server](protocols/nats.md#leaf-nodes-in-the-configuration).',
  'leafnodes.authorization':
    'With `user`, `nkey` or `users`, which exclude each other, only these count; else users, nkeys and JWTs of the ' +
    'server decide, as they do for clients.',
  'hub.identity':
    'With these two a server of Bitwarden has Belfry for its Notifications service. What has to be set there is told in ' +
    '[Notification hub](protocols/hub.md).',
  relay:
    'Without any of this Belfry relays nothing. What it does is told in [Relay](protocols/relay.md). Of each of the ' +
    '`installations`, `id` (a UUID) and `key` are needed; `issuer`, `public_key` and `identity` mean what they mean in ' +
    '`installation_issuer`, `installation_public_key` and `installation_identity`.\n\n' +
    '```conf\n' +
    'relay {\n' +
    '  installations: [\n' +
    '    {\n' +
    '      id: "8a5ad1a9-cf1c-4a7b-9ba5-2f6ad1bb2d63"\n' +
    '      key: "wq2Hn6zYcV8sTf4uXe1K"\n' +
    '      issuer: "https://vault.example.com|login"\n' +
    '      public_key: "rsa_key.pub.pem"\n' +
    '    }\n' +
    '  ]\n' +
    '}\n' +
    '```',
  push:
    'How devices hear of changes while they are not connected is told in [Push](push.md). What is wrong with the relay ' +
    'counts only with `enabled`.',
}

function blockSection(block: string): string {
  const names = blocks[block]!.names.map((name) => `\`${blockPath(block, name)} { … }\``).join(', also written ')
  const note = BLOCK_NOTES[block]
  const rows = allSettings
    .filter(({ setting }) => setting.key !== undefined && splitKey(setting.key)[0] === block)
    .map(({ option, setting }) => settingRow(option, setting))
  const hidden = allSettings
    .filter(({ option, setting }) => setting.key === undefined && block === '' && option !== '')
    .map(({ option, setting }) => settingRow(option, setting))
  return [
    `## ${BLOCK_TITLES[block]}`,
    '',
    ...(block === '' ? [] : [`In ${names}.`, '']),
    ...(note === undefined ? [] : [note, '']),
    '| Key | As an option | Value | Default | Meaning |',
    '| --- | --- | --- | --- | --- |',
    ...listenKeys.filter(({ key }) => splitKey(key)[0] === block).map(listenRow),
    ...rows,
    ...hidden,
  ].join('\n')
}

/** The names of the blocks that one has to open: `websocket authorization`. */
function blockPath(block: string, name: string): string {
  const [outer] = splitKey(block)
  return outer === '' ? name : `${outer} { ${name}`
}

function listenRow({ key, host, port }: (typeof listenKeys)[number]): string {
  const [hostKey, portKey] = [host, port].map(optionOf)
  const meaning = `Short for \`${hostKey}\` and \`${portKey}\`; the last one counts.`
  return row([`\`${splitKey(key)[1]}\``, '', '`"host:port"` or a port', '', meaning])
}

function optionOf(wanted: AnySetting): string {
  return allSettings.find(({ setting }) => setting === wanted)!.option
}

function settingRow(option: string, setting: AnySetting): string {
  const names = [setting.key ?? [], setting.aliases ?? []].flat().map((key) => `\`${splitKey(key)[1]}\``)
  const variable = setting.variable === undefined ? '' : ` \`${setting.variable}\` in the environment.`
  return row([
    names.join(' '),
    `\`${option}\``,
    setting.type.description,
    defaultText(setting),
    setting.help + variable,
  ])
}

function linkToKey(setting: AnySetting): string {
  const [block] = splitKey(setting.key ?? '')
  return `[${keyText(setting)}](#${anchor(BLOCK_TITLES[block]!)})`
}

function keyText({ key = '' }: AnySetting): string {
  const [block, name] = splitKey(key)
  return block === '' ? `\`${name}\`` : `\`${block} { ${name} }\``
}

function defaultText(setting: AnySetting): string {
  if (setting.defaultText !== undefined) return setting.defaultText
  if (Array.isArray(setting.default)) return 'empty'
  return `\`${setting.default}\``
}

function row(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
}

const TLS = `## TLS of NATS listeners

In \`tls { … }\` at the top level, in \`websocket\`, in \`leafnodes\` and in its remotes. Files are PEM; relative paths start from the working directory.

| Key | Value | Default | Meaning |
| --- | --- | --- | --- |
| \`cert_file\`, \`key_file\` | paths | | Certificate chain and private key. Needed, unless there are \`certs\`, or a proxy in front does TLS: \`tls {}\` with \`allow_non_tls: true\` tells clients of that. |
| \`certs\`, \`certificates\` | list of \`{ cert_file, key_file }\` | none | Several certificates, instead. |
| \`ca_file\` | path | those of the system | Authorities that sign the certificates of clients. |
| \`verify\` | \`true\` or \`false\` | \`false\` | Whether clients must have a certificate. |
| \`verify_and_map\` | \`true\` or \`false\` | \`false\` | As \`verify\`, and the certificate says who the user is. |
| \`pinned_certs\` | list of SHA-256 in hex | any | Only clients are let in whose certificate has one of these keys (DER SubjectPublicKeyInfo). |
| \`timeout\` | seconds or a duration | \`2\` | How long a handshake may take. In \`websocket\` \`handshake_timeout\` decides. |
| \`min_version\` | \`"1.2"\` or \`"1.3"\` | \`"1.2"\` | The oldest version of TLS that is spoken. |
| \`cipher_suites\` | list of Go's names | those of OpenSSL | As \`TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256\`. |
| \`allow_insecure_cipher_suites\` | \`true\` or \`false\` | \`false\` | Whether weak ones may be among them. |
| \`insecure\` | \`true\` or \`false\` | \`false\` | Of a remote of leaf nodes: its certificate is not checked. No effect elsewhere. |
| \`curve_preferences\` | list of Go's names | those of OpenSSL | As \`CurveP256\` or \`X25519\`. |
| \`handshake_first\`, \`first\`, \`immediate\` | \`true\`, \`false\`, \`"auto"\` or a duration | \`false\` | Whether the handshake comes before INFO; with a time (\`"auto"\`: 50 ms) INFO is sent when the client has not begun by then. TCP only. |`

const FOREIGN = `## What nats-server knows and Belfry does not

No effect but a warning, ${keysText(WITHOUT_EFFECT)}. In \`tls\`: \`connection_rate_limit\`, and \`insecure\` of a listener. In \`leafnodes\`:
\`compression\` other than \`off\`, \`accept\` and \`s2_auto\`; of a remote \`jetstream_cluster_migrate\` as well.

Refused when it is true, because the server would let in others than it was told: ${keysText(REFUSED)}, also of a
user; in \`tls\`: \`ocsp_peer\` and the keys for the certificate store of Windows.`

function keysText(keys: Readonly<Record<string, object>>): string {
  return Object.entries(keys)
    .map(
      ([block, names]) => `${block === '' ? 'at the top level' : `in \`${block}\``}: ${namesText(Object.keys(names))}`,
    )
    .join('; ')
}

const LANGUAGE = `## The language

The config language of nats-server, so its files can be taken over as they are.

| | |
| --- | --- |
| Items | \`key value\`, \`key = value\` or \`key: value\`, ended by a new line, \`,\` or \`;\`. The whole file may stand in \`{ … }\`, so JSON is accepted. Of two equal keys the last one counts. Names of options may be written in any case. |
| Comments | from \`#\` or \`//\` to the end of the line. Text without quotes goes on over them: \`a#b\` is a value, and so is \`nats://host\`. |
| Maps | \`{ a: 1, b: 2 }\`; two items on one line need a \`,\` or \`;\` between them. |
| Arrays | \`[1, "two", [3]]\`; items are separated by \`,\` or a new line. |
| Texts | \`"…"\` with \`\\t \\n \\r \\" \\\\\` and \`\\xHH\`; \`'…'\` as it is; without quotes up to white space or one of \`, ; ] }\`; or as a block from \`(\` to a line that is only \`)\`. |
| Booleans | \`true yes on\`, \`false no off\`, in any case, without quotes. |
| Integers | with \`k m g t p e\` for powers of 1000, or \`kb mb …\`, \`ki mi …\`, \`kib mib …\` for powers of 1024. So \`5m\` is five million: durations need quotes. |
| Floats | \`1.5\`; there must be digits on both sides. |
| Dates | \`2026-01-31T12:00:00Z\`. |
| Durations | a text in Go's syntax: \`"1m30s"\`, \`"1.5h"\`; units \`ns us ms s m h\`. |
| Variables | \`$name\` without quotes is the value of the key \`name\`, which must stand before it, in the same map or one around it; else of the environment variable \`name\`, whose text is read as a value. A key that is used as a variable may have any name. Bcrypt hashes that begin with \`$2a$\` are taken as they are; quote all other hashes. |
| Include | \`include path\` puts the items of another file here. The path starts from the folder of the including file, even when it begins with \`/\`. |`
